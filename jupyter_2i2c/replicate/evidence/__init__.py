"""What of a hub and an environment is open, and what ties them down. Called by hub/evidence.py, server/evidence.py and inspect.py.

Pure logic over what others read: no HTTP, nothing executed. What is not known is said to be not known.
"""
