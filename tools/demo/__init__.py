"""`make demo`: EDSM's main job on a real control plane and an AWS emulator.

`story`     the acts, in order
`stage`     what they play on: cluster, cloud, controller
`evidence`  when something happened, by the word of the wire and of watches
`keep`      what to play with afterwards (--keep)
`rotate`    a program of its own: gives the demo's cloud secret another value
`terminal`  how it looks
"""
