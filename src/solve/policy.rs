//! A solution as a policy: what it cannot solve it does not play.

/// [`Policy`](crate::game::Policy) by the type's own `play_at`, `answered_at`, `play_cost_at` and `answer_cost_at`.
macro_rules! solved_policy {
    () => {
        fn play(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<Play, PolicyError> {
            self.play_at(t, belief, z).map_err(unsolved(t, belief, z))
        }

        fn answer(
            &self,
            t: usize,
            belief: &Belief,
            z: &MeanField,
            leader: &LeaderPrescription,
        ) -> Result<Prescription, PolicyError> {
            let answer = self.answered_at(t, belief, z, leader);
            answer.map_err(unsolved(t, belief, z))
        }

        fn play_cost(&self, t: usize, belief: &Belief, z: &MeanField) -> Result<f64, PolicyError> {
            let cost = self.play_cost_at(t, belief, z);
            cost.map_err(unsolved(t, belief, z))
        }

        fn answer_cost(
            &self,
            t: usize,
            belief: &Belief,
            z: &MeanField,
            leader: &LeaderPrescription,
        ) -> Result<f64, PolicyError> {
            let cost = self.answer_cost_at(t, belief, z, leader);
            cost.map_err(unsolved(t, belief, z))
        }
    };
}
