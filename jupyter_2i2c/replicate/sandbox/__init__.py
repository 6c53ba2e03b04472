"""Runs a hub's configuration without trusting it. Called by verify/v4_configuration.py and importers/.

`start.py` is the side that asks. `run.py` is the side that executes, in a process of its own and with whatever
interpreter the operator names; so it, `confine.py` and `recorder.py` need the standard library only.
"""
