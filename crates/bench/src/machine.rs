//! The machine that a run stands for, and what it runs.

use std::fs;
use std::process::Command;

/// Names the machine and the tools, as lines of Markdown.
pub fn describe(stillframe: &str) -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    [
        format!("- date: {}", first_line("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
        format!("- processor: {}, {} threads", field("/proc/cpuinfo", "model name"), threads()),
        format!("- memory: {}", field("/proc/meminfo", "MemTotal")),
        format!("- system: {}", first_line("uname", &["-srm"])),
        format!("- load at the start: {load}"),
        format!("- {}", first_line(stillframe, &["--version"])),
        format!("- {}", first_line("ffmpeg", &["-version"])),
        format!("- {}", first_line("ffmpegthumbnailer", &["-v"])),
    ]
    .join("\n")
}

/// How many threads run at once.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let line = text.ok().and_then(|text| text.lines().next().map(str::to_owned));
    line.unwrap_or_else(|| format!("{program}: missing"))
}

/// The first value of a field in a file of the kernel.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned());
    value.unwrap_or_else(|| "unknown".to_owned())
}
