//! Every input that is kept in `fuzz/corpus/`, through the entry points that fuzzing uses.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    // This program is also the child that decodes.
    stillframe_fuzzing::child();
    if std::env::args().skip(1).any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (target, entry) in stillframe_fuzzing::TARGETS {
        let begun = Instant::now();
        let mut count = 0;
        let files = std::fs::read_dir(corpus.join(target))
            .unwrap_or_else(|error| panic!("corpus of {target}: {error}"));
        for file in files {
            let path = file.expect("the folder can be read").path();
            println!("{}", path.display());
            entry(&std::fs::read(&path).expect("it can be read"));
            count += 1;
        }
        assert!(0 < count, "{target} has no input");
        println!("test {target} ... ok ({count} inputs, {} ms)", begun.elapsed().as_millis());
    }
    ExitCode::SUCCESS
}
