"""The dense 2 x 2 game of benches/simulate.rs: from every type both actions, and after every action both types, are
equally likely. Each program prints agent-steps (or counted steps) a second, the median of several runs."""

import statistics
import time

GAMMA = [[0.5, 0.5], [0.5, 0.5]]  # gamma(a | x)
KERNEL = [[[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]]]  # Q(y | x, a)


def report(name, population, horizon, run, steps, unit, repetitions=5):
    """Print the median rate of `run`, which makes `steps` steps."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    rate = steps / statistics.median(times)
    print(f"{name:32} N={population:<8.0e} T={horizon:<4d} {rate:12.4g} {unit}/s", flush=True)
