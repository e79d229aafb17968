//! Steps with their durations.

use std::time::{Duration, Instant};

/// Prints each step as it begins, and what all took at the end.
#[derive(Default)]
pub struct Steps {
    done: Vec<(String, Duration)>,
    current: Option<(String, Instant)>,
}

impl Steps {
    /// Ends the step before and begins another.
    pub fn begin(&mut self, name: &str) {
        self.end();
        println!("\n== {}. {name}", self.done.len() + 1);
        self.current = Some((name.to_owned(), Instant::now()));
    }

    /// Ends the last step and prints the table.
    pub fn finish(&mut self) {
        self.end();
        let total: Duration = self.done.iter().map(|(_, took)| *took).sum();
        println!("\n== all done in {:.1} s", total.as_secs_f64());
        for (name, took) in &self.done {
            println!("{:8.2} s  {name}", took.as_secs_f64());
        }
    }

    fn end(&mut self) {
        if let Some((name, start)) = self.current.take() {
            let took = start.elapsed();
            println!("-- {:.2} s", took.as_secs_f64());
            self.done.push((name, took));
        }
    }
}
