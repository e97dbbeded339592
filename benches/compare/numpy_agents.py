"""Followers one by one, vectorised with NumPy; and the counts by numpy.random.Generator.multinomial."""

import numpy as np

from model import GAMMA, KERNEL, report

GAMMA, KERNEL = np.array(GAMMA), np.array(KERNEL)


def agents(population, horizon, seed=1):
    random = np.random.default_rng(seed)
    types = random.integers(0, 2, population, dtype=np.int8)
    for _ in range(horizon):
        actions = (random.random(population, dtype=np.float32) < GAMMA[types, 1]).astype(np.int8)
        acted = np.bincount(2 * types + actions, minlength=4)
        types = (random.random(population, dtype=np.float32) < KERNEL[types, actions, 1]).astype(np.int8)
    return acted


def counts(population, horizon, seed=1):
    random = np.random.default_rng(seed)
    laws = (GAMMA[:, :, None] * KERNEL).reshape(2, 4)
    n = random.multinomial(population, [0.5, 0.5])
    for _ in range(horizon):
        moved = random.multinomial(n, laws).reshape(2, 2, 2)
        n = moved.sum(axis=(0, 1))
    return n


for population in (10_000, 1_000_000):
    report("NumPy, agents", population, 20, lambda: agents(population, 20), 20 * population, "agent-steps")
for population in (10**5, 10**12):
    report("NumPy, counts (multinomial)", population, 5000, lambda: counts(population, 5000), 5000, "steps")
