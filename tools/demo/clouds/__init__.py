"""The clouds that the demo can be played with.

`cloud`   what the demo needs to know of one
`aws`, `google`, `azure`   one emulator each, the controller's rights in it, and how to read its wire
`rotate_aws`, `rotate_google`, `rotate_azure`   programs of their own: give the demo's cloud secret another value
"""
