//! Where the policy comes from that a command simulates or validates: solved here, or read from a file.

use std::path::Path;

use smfg::certify::Certified;
use smfg::game::{Flow, Game, LeaderMixing, Policy, PolicyFile};
use smfg::report::read_theta;
use smfg::scenario::Scenario;
use smfg::solve::Selection;
use smfg::solve::{Coin, SolveError, Solved, Widened, follow};
use smfg::validate::{NamedPolicy, visited_beliefs};

use super::failure::Failure;
use super::job::Phases;
use super::options::PolicySource;

/// The policy that is played.
#[derive(Debug)]
pub enum Played<'g> {
    /// theta, and the solutions under the other selections where they were asked for.
    Solved(Box<Solved<'g>>, Vec<Solved<'g>>),
    /// A policy file.
    Read(PolicyFile),
}

/// Which solutions a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selections {
    /// The scenario's.
    Own,
    /// The scenario's, and the other two for comparison.
    All,
}

impl<'g> Played<'g> {
    /// Read the policy file or the solution, or solve.
    ///
    /// # Errors
    /// A file that is no policy or solution of the game, or a game that cannot be solved.
    pub fn obtain(
        scenario: &'g Scenario,
        source: PolicySource<'_>,
        selections: Selections,
        phases: &mut Phases,
    ) -> Result<Self, Failure> {
        let game = scenario.game();
        if let PolicySource::Policy(path) = source {
            return Ok(Self::Read(PolicyFile::read(path, game)?));
        }
        phases.run("solve", |bar| {
            let solve = |selection: Selection| -> Result<Solved<'g>, SolveError> {
                let mut settings = scenario.solve.clone();
                settings.selection = selection;
                let solution = Solved::compute(game, &settings, None);
                bar.inc(1);
                solution
            };
            let own = scenario.solve.selection;
            let others = Selection::ALL
                .iter()
                .filter(|s| selections == Selections::All && **s != own);
            bar.set_length(if selections == Selections::All { 3 } else { 1 });
            let solution = Box::new(match source {
                PolicySource::Theta(path) => {
                    bar.inc(1);
                    restore(scenario, path)?
                }
                PolicySource::Solve | PolicySource::Policy(_) => solve(own)?,
            });
            if let Some(iteration) = solution.iteration().filter(|_| !solution.is_solved()) {
                let (selection, iteration) = (own.word(), *iteration);
                return Err(Failure::NotConverged {
                    selection,
                    iteration,
                });
            }
            let others = others.map(|s| solve(*s)).collect::<Result<_, _>>()?;
            Ok(Self::Solved(solution, others))
        })
    }

    /// The policy.
    pub fn policy(&self) -> &dyn Policy {
        match self {
            Self::Solved(solution, _) => &**solution,
            Self::Read(policy) => policy,
        }
    }

    /// theta solved at the beliefs that a leader's given deviations lead to besides; `None` where it is known at all: on a
    /// lattice of beliefs, and for a policy file.
    ///
    /// # Errors
    /// Too many beliefs, or a game that cannot be solved at them.
    pub fn widened(
        &self,
        game: &Game,
        files: &[NamedPolicy],
    ) -> Result<Option<Widened<'_, 'g>>, Failure> {
        match self {
            Self::Solved(solution, _) if !solution.interpolates_beliefs() => {
                let visited = visited_beliefs(game, files)?;
                Ok(Some(Widened::new(solution, &visited)?))
            }
            Self::Solved(..) | Self::Read(_) => Ok(None),
        }
    }

    /// What the claims call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Solved(solution, _) => solution.settings().selection.word(),
            Self::Read(_) => "policy file's",
        }
    }

    /// Whether the leader may mix.
    pub fn leader_mixing(&self) -> LeaderMixing {
        match self {
            Self::Solved(solution, _) => solution.settings().mixing(),
            Self::Read(policy) => policy.leader_mixing(),
        }
    }

    /// The mean-field flow from z_1.
    ///
    /// # Errors
    /// A game without a value at a mean field that is met.
    pub fn flow(&self, scenario: &Scenario) -> Result<Flow, Failure> {
        let game = scenario.game();
        Ok(match self {
            Self::Solved(solution, _) => follow(
                solution,
                1,
                game.initial_belief(),
                game.initial(),
                Coin::Tossed,
            )?,
            Self::Read(policy) => {
                let rule = scenario.solve.flow;
                Flow::of_policy(game, policy, game.initial(), rule)?
            }
        })
    }

    /// The flow from z_1 and its certificate.
    ///
    /// # Errors
    /// A game without a value at a mean field that is met.
    pub fn certify(&self, scenario: &Scenario, phases: &mut Phases) -> Result<Certified, Failure> {
        let game = scenario.game();
        phases.run("certify", |_| {
            Ok(match self {
                Self::Solved(solution, others) => Certified::solution(solution, others)?,
                Self::Read(policy) => {
                    Certified::policy(game, policy, game.initial(), scenario.solve.flow)?
                }
            })
        })
    }
}

/// The solution in a file, if it is one of this game.
fn restore<'g>(scenario: &'g Scenario, path: &Path) -> Result<Solved<'g>, Failure> {
    let archive = read_theta(path)?;
    let restored = archive.restore(scenario.game(), &scenario.solve);
    restored.map_err(|source| Failure::Theta {
        path: path.to_owned(),
        source: Box::new(source),
    })
}
