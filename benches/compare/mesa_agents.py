"""Followers as Mesa agents."""

import mesa

from model import GAMMA, KERNEL, report


class Follower(mesa.Agent):
    def __init__(self, model):
        super().__init__(model)
        self.x = model.random.randrange(2)

    def step(self):
        random = self.model.random.random
        a = int(random() < GAMMA[self.x][1])
        self.model.acted[self.x][a] += 1
        self.x = int(random() < KERNEL[self.x][a][1])


class Population(mesa.Model):
    def __init__(self, population, seed=1):
        super().__init__(seed=seed)
        Follower.create_agents(self, population)

    def step(self):
        self.acted = [[0, 0], [0, 0]]
        self.agents.do("step")


for population in (10_000,):
    model = Population(population)

    def run():
        for _ in range(10):
            model.step()

    report("Mesa", population, 10, run, 10 * population, "agent-steps")
