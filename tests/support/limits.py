"""How long tests wait: machines that run them are slow now and then, and shared."""

PATIENCE_S = 60.0
"""For what takes a second or two on an idle machine. A test waits so long for a state, it never measures by it."""

SLOW = 4.0
"""So many times longer than promised may take what is promised by the clock: the machine does other things as well.

That the promise itself is kept is measured by the benchmarks, on a machine that does nothing else.
"""
