//! Seeds keep the promises, repeat themselves, and find what is broken on purpose.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::ValueEnum;
use stillframe_simulation::{Break, Report, Stage};

/// Seeds of this test; `cargo xtask simulate` runs as many as one likes.
const SEEDS: u64 = 200;
/// Seeds that are run twice.
const REPEATED: u64 = 12;
/// Seeds within which each deliberate break has to be found.
const SEEDS_PER_BREAK: u64 = 400;
/// Breaks that few seeds find, with where the search for them begins; others begin at 0. It may be any seed: these
/// keep the test short, as long as the runs stay as they are.
const RARE: [(Break, u64); 3] =
    [(Break::ConfirmByMessageId, 139), (Break::CleanUnfinished, 158), (Break::CleanYoung, 104)];
/// Runs at a time.
const THREADS: usize = 2;

/// Does something for each number below a count, on some threads with a stage each.
fn for_each(count: u64, act: impl Fn(&Stage, u64) + Sync) {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let stage = Stage::new().expect("a stage");
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if count <= number {
                        return;
                    }
                    act(&stage, number);
                }
            });
        }
    });
}

#[test]
fn two_hundred_seeds_keep_every_promise() {
    let failed: Mutex<Vec<Report>> = Mutex::default();
    let totals = [AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)];
    for_each(SEEDS, |stage, seed| {
        let report = stage.run(seed, None, false).expect("the machine works");
        let counts = [report.lives - 1, report.jobs as u64, report.events as u64];
        totals.iter().zip(counts).for_each(|(total, count)| {
            total.fetch_add(count, Ordering::Relaxed);
        });
        if !report.violations.is_empty() {
            failed.lock().expect("no panic").push(report);
        }
    });
    let failed = failed.into_inner().expect("no panic");
    let lines: Vec<String> = failed
        .iter()
        .map(|report| format!("seed {}: {}", report.seed, report.violations.join("; ")))
        .collect();
    assert!(failed.is_empty(), "cargo xtask simulate --seed N --trace shows a seed:\n{}", lines.join("\n"));
    // A suite in which nothing happens would pass too.
    let [died, jobs, events] = totals.map(AtomicU64::into_inner);
    assert!(SEEDS / 4 < died, "{died} processes died");
    assert!(SEEDS * 3 < jobs && SEEDS * 3 < events, "{jobs} jobs, {events} events");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for_each(REPEATED, |stage, seed| {
        let [first, again] = [(); 2].map(|()| stage.run(seed, None, true).expect("the machine works"));
        let differing = first.lines.iter().zip(&again.lines).find(|(a, b)| a != b);
        assert_eq!(differing, None, "seed {seed}");
        assert_eq!((first.hash, first.steps), (again.hash, again.steps), "seed {seed}");
    });
}

#[test]
fn every_deliberate_break_is_found_by_some_seed() {
    let breaks = Break::value_variants();
    let missed: Mutex<Vec<Break>> = Mutex::default();
    for_each(breaks.len() as u64, |stage, number| {
        let broken = breaks[usize::try_from(number).expect("few breaks")];
        let first = RARE.iter().find(|(rare, _)| *rare == broken).map_or(0, |(_, first)| *first);
        let found = stage.find(broken, first..first + SEEDS_PER_BREAK).expect("the machine works");
        match found {
            Some(report) => println!("{broken:?}: seed {}: {}", report.seed, report.violations[0]),
            None => missed.lock().expect("no panic").push(broken),
        }
    });
    let missed = missed.into_inner().expect("no panic");
    assert_eq!(missed, [], "no seed of {SEEDS_PER_BREAK} finds these");
}
