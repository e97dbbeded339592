//! One step of the backward recursion, (15)-(16): V_t at the nodes of the lattice from V_{t+1}.

use rayon::prelude::*;

use super::Nodes;
use super::field::Field;
use super::games::StageGames;
use super::jumps::{self, Label};
use crate::game::{Game, GameError};
use crate::solve::representation::{Effort, Stage, StageGames as _};
use crate::solve::selection::Rule;
use crate::solve::{SolveError, Work};

/// Nodes handled by one worker at a time.
const CHUNK: usize = 32;

/// V_t at some nodes, and what is selected there.
type Part = (Vec<f64>, Vec<Label>, Work);

/// V_t at a belief from V_{t+1}.
pub(super) fn step(
    stage: Stage<'_, Nodes>,
    effort: Effort<'_>,
    work: &mut Work,
) -> Result<Field, SolveError> {
    let Nodes {
        lattice,
        components,
    } = stage.representation;
    let rule = Rule {
        selection: stage.settings.selection,
    };
    let starts: Vec<usize> = (0..lattice.nodes()).step_by(CHUNK).collect();
    let parts: Vec<Result<Part, SolveError>> = starts
        .into_par_iter()
        .map_init(
            || StageGames::new(stage.period, stage.candidates),
            |games, start| {
                let (mut values, mut labels) = (Vec::new(), Vec::new());
                let mut work = Work::default();
                for node in start..(start + CHUNK).min(lattice.nodes()) {
                    games.move_to(&lattice.mean_field(node))?;
                    let answer = rule.choose(games, &mut work)?.equilibrium;
                    values.extend_from_slice(&answer.equilibrium.followers);
                    values.extend_from_slice(&answer.leader_types);
                    labels.push(Label::of(&answer, games.tables.truths()));
                }
                effort.budget.spend(stage.t, work.steps())?;
                Ok((values, labels, work))
            },
        )
        .collect();
    let mut values = Vec::with_capacity(lattice.nodes() * components);
    let mut labels = Vec::with_capacity(lattice.nodes());
    for part in parts {
        let (more, selected, done) = part?;
        values.extend(more);
        labels.extend(selected);
        work.add(&done);
    }
    let field = Field::new(lattice, *components, values);
    let cuts = jumps::find(stage, rule, &field, &labels, work)?;
    let field = field.with_cuts(lattice, cuts);
    jumps::count_mixed(lattice, &field, work);
    Ok(field)
}

/// V_{T+1}: the terminal reward for followers, (14), nothing for the leader.
pub(super) fn terminal(game: &Game, of: &Nodes) -> Result<Field, GameError> {
    let Nodes {
        lattice,
        components,
    } = of;
    let types = lattice.types();
    let mut values = Vec::with_capacity(lattice.nodes() * components);
    for node in 0..lattice.nodes() {
        let z = lattice.mean_field(node);
        for x in 0..types {
            values.push(game.terminal_reward(&z, x)?);
        }
        values.resize(values.len() + components - types, 0.0);
    }
    let field = Field::new(lattice, *components, values);
    let cuts = jumps::of_terminal(game, lattice, &field)?;
    Ok(match cuts.all().is_empty() {
        true => field,
        false => field.with_cuts(lattice, cuts),
    })
}
