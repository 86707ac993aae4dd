"""Random plans for several clients, writers of files and misfortunes, and what must hold after.

`plan` makes a plan from a seed, `world` carries it out in one process, `checks` says what is wrong
at its end, `shrink` makes a failing plan small.
"""
