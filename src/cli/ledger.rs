//! What a simulation has done so far: its tables, its summaries, and the state that is saved of them from time to time.

use std::time::{Duration, Instant};

use smfg::game::{Flow, Game};
use smfg::report::{
    OutputFolder, PopulationState, RowFile, RunState, agent_returns_table, begin_agent_returns,
    begin_returns, begin_trace, columns, returns_table, summary_table, trace_table,
};
use smfg::simulate::SimulateSettings;
use smfg::simulate::{Cohorts, Digest, SUMMARY_ENTRIES, Summary, Trajectory};

use super::failure::Failure;

/// The shortest time between two states saved,
const PAUSE: Duration = Duration::from_millis(200);
/// and how many times as long as saving one took.
const PAUSES: u32 = 100;

/// Which replications are in trace.csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traced {
    /// Up to this one.
    UpTo(u64),
    /// The first and every so many after it.
    Every(u64),
    /// None.
    None,
}

impl Traced {
    /// Whether replication k is.
    pub fn holds(self, k: u64) -> bool {
        match self {
            Self::UpTo(last) => k <= last,
            Self::Every(every) => (k - 1).is_multiple_of(every),
            Self::None => false,
        }
    }
}

/// Replications and their rows, made where they were computed.
#[derive(Debug)]
pub struct Block {
    replications: u64,
    digest: Digest,
    trace: Vec<u8>,
    returns: Vec<u8>,
    agent_returns: Vec<u8>,
}

impl Block {
    /// Of these replications.
    ///
    /// # Errors
    /// Rows that cannot be made.
    pub fn new(
        game: &Game,
        (traced, cohorts): (Traced, Cohorts),
        flow: &Flow,
        paths: &[Trajectory],
    ) -> Result<Self, Failure> {
        let in_trace = || paths.iter().filter(|path| traced.holds(path.replication()));
        let trace = match in_trace().next() {
            Some(_) => trace_table(game, in_trace())?.write_csv_rows(Vec::new())?,
            None => Vec::new(),
        };
        Ok(Self {
            trace,
            returns: returns_table(game, cohorts, paths)?.write_csv_rows(Vec::new())?,
            agent_returns: agent_returns_table(game, paths)?.write_csv_rows(Vec::new())?,
            replications: paths.len() as u64,
            digest: Digest::new(paths, game.follower_actions().len(), flow),
        })
    }
}

/// The files and the state of a simulation under way.
#[derive(Debug)]
pub struct Ledger<'a> {
    folder: &'a mut OutputFolder,
    state: &'a mut RunState,
    trace: Option<RowFile>,
    returns: RowFile,
    agent_returns: Option<RowFile>,
    /// When to save the next state.
    due: Instant,
}

impl<'a> Ledger<'a> {
    /// Begin the tables, or go on with those of an interrupted run.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn begin(
        game: &Game,
        (traced, cohorts): (Traced, Cohorts),
        folder: &'a mut OutputFolder,
        state: &'a mut RunState,
    ) -> Result<Self, Failure> {
        let last = state.populations.last();
        let kept = last.map(|last| last.trace);
        let trace = match traced {
            Traced::None => None,
            Traced::UpTo(_) | Traced::Every(_) => Some(begin_trace(folder, game, kept)?),
        };
        let kept = last.map(|last| last.returns);
        let returns = begin_returns(folder, game, cohorts, kept)?;
        let kept = last.map(|last| last.agent_returns);
        let agent_returns = match cohorts {
            Cohorts::Together | Cohorts::ByInitialType => None,
            Cohorts::EachFollower => Some(begin_agent_returns(folder, kept)?),
        };
        let mut ledger = Self {
            folder,
            state,
            trace,
            returns,
            agent_returns,
            due: Instant::now(),
        };
        ledger.save()?;
        Ok(ledger)
    }

    /// The next population, one of so many; how many of its replications are done already.
    pub fn population(&mut self, index: usize, population: u64, of: usize, game: &Game) -> u64 {
        if let Some(begun) = self.state.populations.get(index) {
            return begun.done;
        }
        let summary = Summary::new(population, game.follower_actions().len());
        self.state.populations.push(PopulationState {
            done: 0,
            trace: self.trace.as_ref().map_or(0, RowFile::length),
            returns: self.returns.length(),
            agent_returns: self.agent_returns.as_ref().map_or(0, RowFile::length),
            summary: summary.within(SUMMARY_ENTRIES / of.max(1)),
        });
        0
    }

    /// Take in the next replications of the last population.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn take(&mut self, block: &Block) -> Result<(), Failure> {
        if let Some(trace) = &mut self.trace {
            trace.append(&block.trace)?;
        }
        self.returns.append(&block.returns)?;
        if let Some(agent_returns) = &mut self.agent_returns {
            agent_returns.append(&block.agent_returns)?;
        }
        if let Some(current) = self.state.populations.last_mut() {
            current.done += block.replications;
            current.trace = self.trace.as_ref().map_or(0, RowFile::length);
            current.returns = self.returns.length();
            current.agent_returns = self.agent_returns.as_ref().map_or(0, RowFile::length);
            current.summary.take(&block.digest);
        }
        match Instant::now() >= self.due {
            true => self.save(),
            false => Ok(()),
        }
    }

    /// Save the state, and what it rests on first.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn save(&mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        if let Some(trace) = &mut self.trace {
            trace.store()?;
        }
        self.returns.store()?;
        if let Some(agent_returns) = &mut self.agent_returns {
            agent_returns.store()?;
        }
        for begun in &mut self.state.populations {
            begun.summary.settle();
        }
        self.folder.save_state(&*self.state)?;
        self.due = Instant::now() + PAUSE.max(begun.elapsed() * PAUSES);
        Ok(())
    }

    /// Everything is simulated: write summary.csv.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn finish(mut self, game: &Game) -> Result<(), Failure> {
        self.save()?;
        let summaries = self.state.populations.iter();
        let rows = summaries.flat_map(|population| population.summary.rows());
        let summary = summary_table(columns::summary(game), rows)?;
        Ok(self.folder.table("summary.csv", &summary)?)
    }
}

/// Whether a saved state can be one of this simulation, `share` replications of each population.
pub fn fits(state: &RunState, game: &Game, settings: &SimulateSettings, share: u64) -> bool {
    let (types, actions) = (game.follower_types().len(), game.follower_actions().len());
    let last = state.populations.len().saturating_sub(1);
    let one = |(index, (begun, population)): (usize, (&PopulationState, &u64))| {
        let whole = begun.done == share || index == last && begun.done < share;
        let summary = &begun.summary;
        whole
            && summary.replications() == begun.done
            && summary.is_of(*population, game.horizon(), types, actions)
    };
    let mut pairs = state
        .populations
        .iter()
        .zip(&settings.populations)
        .enumerate();
    state.populations.len() <= settings.populations.len() && pairs.all(one)
}
