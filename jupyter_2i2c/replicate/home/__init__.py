"""A person's files, taken away whole. Called by the command line (`jupyter 2i2c capture home`) and, through it, by server/replicas.py.

`plan` walks the home once and writes down what is taken, in which volume, and what is not and why.
`volume` writes one volume of that plan to any stream, so that a volume can be written again alone.
`bag` adds what makes the whole a BagIt bag: ``sha256sum -c manifest-sha256.txt`` verifies it.
"""
