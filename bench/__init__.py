"""Measures EDSM beside the limits of the same machine: `make bench`.

`stage`     a control plane, an AWS emulator and EDSM; `emulator` is how the emulator is started here
`load`      the Go program of bench/load: what EDSM is compared with, and what takes the times
`objects`   what exists in both clouds, and the requests that make and change it
`gauge`     CPU time, memory, connections and wake-ups of a process, from /proc
`measures`  one module for each kind of measure
`results`   numbers, goals and verdicts; `table`, `svg` and `report` show them

Each measure runs EDSM and its limit in turns, so that what else happens on the machine meets both.
"""
