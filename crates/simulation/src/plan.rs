//! What a seed has in store.
//!
//! Each seed has a weather of its own: some faults not at all, others often. Runs in which everything fails
//! a little are all alike; it is the extremes that show what is wrong.

use std::time::Duration;

use stillframe_domain::PullMode;

use crate::chance::Chance;

/// How often something of a kind goes wrong, of a thousand calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odds {
    /// It fails and has no effect.
    pub fails: u64,
    /// It has its effect and its answer is lost.
    pub answer_lost: u64,
    /// It takes up to a second.
    pub is_slow: u64,
    /// It takes up to two minutes: longer than a lease.
    pub hangs: u64,
}

/// What a run does, and what befalls it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Runners of the process.
    pub runner_count: u64,
    /// Jobs at a time of each.
    pub concurrency: u64,
    /// Relays of the process.
    pub relay_count: u64,
    /// Callers that ask for work.
    pub caller_count: u64,
    /// Videos of each caller.
    pub media_count: u64,
    /// Whether videos get covers by themselves.
    pub has_covers: bool,
    /// Whether events wait to be pulled.
    pub mode: PullMode,
    /// Receivers of callbacks.
    pub receiver_count: u64,
    /// Faults of the database.
    pub database: Odds,
    /// Faults of the store.
    pub storage: Odds,
    /// Faults of receivers and of servers of videos.
    pub web: Odds,
    /// Of a thousand calls, how often the agent that makes it stands still for one to three minutes.
    pub freezes: u64,
    /// Of a thousand puts, how often power fails in the middle of one.
    pub torn: u64,
    /// Of a thousand pieces of decoding, how often it goes wrong.
    pub decoding: u64,
    /// The process dies at the step of that number of its life; one for each life but the last.
    pub crashes: Vec<u64>,
    /// After that time, the clock is set by so many milliseconds.
    pub jumps: Vec<(Duration, i64)>,
    /// After that time, the machine was suspended for longer than any grace.
    pub suspended: Option<Duration>,
    /// Whether the machine is off for hours after a crash.
    pub is_off_long: bool,
    /// Time between two rounds of the cleaner.
    pub cleaner_interval_ms: u64,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(chance: &Chance) -> Self {
        let crashes = (0..chance.pick(&[0, 0, 1, 1, 2, 3])).map(|_| chance.between(5, 220)).collect();
        let jump = |_| (chance.ms(1_000, 240_000), jump_ms(chance));
        let jumps = (0..chance.pick(&[0, 0, 1, 2])).map(jump).collect();
        Self {
            runner_count: chance.between(1, 3),
            concurrency: chance.between(1, 2),
            relay_count: chance.between(1, 2),
            caller_count: chance.between(1, 2),
            media_count: chance.between(1, 2),
            has_covers: chance.is(400),
            mode: if chance.is(600) { PullMode::Pull } else { PullMode::Off },
            receiver_count: chance.between(0, 2),
            database: odds(chance),
            storage: odds(chance),
            web: odds(chance),
            freezes: chance.pick(&[0, 0, 10, 30]),
            torn: chance.pick(&[0, 0, 60]),
            decoding: chance.pick(&[0, 0, 50, 200]),
            crashes,
            jumps,
            suspended: chance.is(200).then(|| chance.ms(2_000, 120_000)),
            is_off_long: chance.is(300),
            cleaner_interval_ms: chance.pick(&[3_000, 20_000, 120_000]),
        }
    }
}

fn odds(chance: &Chance) -> Odds {
    let often = [0, 0, 20, 100];
    Odds {
        fails: chance.pick(&often),
        answer_lost: chance.pick(&often),
        is_slow: chance.pick(&[0, 200, 500]),
        hangs: chance.pick(&[0, 0, 10, 40]),
    }
}

/// Up to half an hour to either side: longer than any lease, shorter than the cleaner's grace.
fn jump_ms(chance: &Chance) -> i64 {
    let by_ms = i64::try_from(chance.between(100, 1_800_000)).unwrap_or_default();
    if chance.is(500) { by_ms } else { -by_ms }
}
