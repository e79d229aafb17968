//! nginx, serving a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long nginx may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A running nginx; ends when dropped.
pub struct Nginx {
    process: Child,
    home: TempDir,
}

impl Nginx {
    /// Serves a folder, on a socket that only this process knows.
    ///
    /// # Panics
    /// When nginx is missing or does not start: a test cannot go on without it.
    pub fn start(root: &Path) -> Self {
        let home = tempfile::tempdir().expect("a folder for nginx");
        let config = home.path().join("nginx.conf");
        fs::write(&config, configuration(home.path(), root)).expect("nginx's settings");
        let process = Command::new(program())
            .args(["-e", "stderr", "-p"])
            .arg(home.path())
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("nginx, which ./dev test installs");
        let this = Self { process, home };
        this.wait_until_ready();
        this
    }

    /// The socket that it listens on.
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("nginx.sock")
    }

    fn wait_until_ready(&self) {
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            assert!(begun.elapsed() < START_TIMEOUT, "nginx does not listen");
            std::thread::yield_now();
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Debian keeps it where only root's search path looks.
fn program() -> &'static str {
    let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
    places.into_iter().find(|place| Path::new(place).exists()).unwrap_or("nginx")
}

fn configuration(home: &Path, root: &Path) -> String {
    let (home, root) = (home.display(), root.display());
    format!(
        "daemon off;
         master_process off;
         pid {home}/nginx.pid;
         error_log {home}/error.log;
         events {{ worker_connections 256; }}
         http {{
             access_log off;
             client_body_temp_path {home}/body;
             proxy_temp_path {home}/proxy;
             fastcgi_temp_path {home}/fastcgi;
             uwsgi_temp_path {home}/uwsgi;
             scgi_temp_path {home}/scgi;
             default_type application/octet-stream;
             server {{
                 listen unix:{home}/nginx.sock;
                 root {root};
                 # The same, but ranges are not answered.
                 location /whole/ {{ alias {root}/; max_ranges 0; }}
             }}
         }}\n"
    )
}
