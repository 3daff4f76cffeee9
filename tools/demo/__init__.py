"""`make demo`: EDSM's main job on a real control plane and a cloud emulator.

`story`     the acts, in order
`stage`     what they play on: cluster, cloud, controller
`clouds`    the emulators, and a program for each that gives the demo's secret another value
`evidence`  when something happened, by the word of the wire and of watches
`keep`      what to play with afterwards (--keep)
`terminal`  how it looks
"""
