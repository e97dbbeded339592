//! Costs in processor time, for a machine that others use too: every round measures every case once, so that a busy
//! moment falls on all of them, and the medians are over rounds.

use std::time::{Duration, Instant};

use rayon::ThreadPool;

const ROUNDS: usize = 11;

/// Processor time and time by the clock.
#[derive(Clone, Copy)]
pub struct Cost {
    pub processor: Duration,
    pub clock: Duration,
}

/// One thing to be measured.
pub struct Case {
    pub name: String,
    /// Units of work in one run.
    pub units: u64,
    pub work: Box<dyn FnMut(&ThreadPool) + Send>,
}

/// Processor time of the calling thread so far; zero where the system does not tell.
fn processor_time() -> Duration {
    // The system counts a thread's time when it leaves the processor.
    std::thread::yield_now();
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = line.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

fn measure(pool: &ThreadPool, work: impl FnOnce(&ThreadPool)) -> Cost {
    let all = || -> Duration { pool.broadcast(|_| processor_time()).into_iter().sum() };
    let (before, start) = (all(), Instant::now());
    work(pool);
    let clock = start.elapsed();
    Cost {
        processor: all().saturating_sub(before),
        clock,
    }
}

pub fn pool(threads: usize) -> ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads can be had")
}

/// Nanoseconds per unit, the median over rounds.
pub fn median(costs: &[Cost], units: u64, of: impl Fn(&Cost) -> Duration) -> f64 {
    let mut times: Vec<Duration> = costs.iter().map(of).collect();
    times.sort_unstable();
    times[times.len() / 2].as_nanos() as f64 / units as f64
}

/// Every case of `cases` in every pool, `ROUNDS` times: per case and pool, the costs.
pub fn rounds(cases: &mut [Case], pools: &[&ThreadPool]) -> Vec<Vec<Vec<Cost>>> {
    let mut costs = vec![vec![Vec::new(); pools.len()]; cases.len()];
    for _ in 0..ROUNDS {
        for (case, costs) in cases.iter_mut().zip(&mut costs) {
            for (pool, costs) in pools.iter().zip(costs) {
                costs.push(measure(pool, |pool| (case.work)(pool)));
            }
        }
    }
    costs
}

/// The cases that contain the argument of the program, all without one.
pub fn chosen(cases: Vec<Case>) -> Vec<Case> {
    let mut arguments = std::env::args().skip(1);
    let asked = arguments.find(|argument| !argument.starts_with("--"));
    let named = |case: &Case| asked.as_ref().is_none_or(|text| case.name.contains(text));
    cases.into_iter().filter(named).collect()
}
