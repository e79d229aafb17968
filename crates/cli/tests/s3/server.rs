//! A server of the S3 protocol in this process, over a folder, which notes what it is asked and what it sends.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, RANGE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The access key that a private server knows.
pub const KEY_ID: &str = "AKIDOFTHETEST";
/// Its secret.
pub const SECRET: &str = "sEcReT/oF+tHe=TeSt";

/// Whom a server lets read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Those with the access key.
    Key,
    /// Everybody.
    All,
}

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Path and query as they came.
    pub target: String,
    pub range: Option<String>,
    pub status: u16,
    /// Size of the answer's body.
    pub bytes: u64,
}

/// A running server; it ends with this value.
pub struct ObjectServer {
    folder: TempDir,
    address: SocketAddr,
    state: Arc<State>,
    _runtime: Runtime,
}

struct State {
    service: S3Service,
    /// The only region whose signatures are taken, if it matters.
    region: Option<&'static str>,
    log: Mutex<Vec<Exchange>>,
}

impl ObjectServer {
    pub fn start(readers: Readers) -> Self {
        Self::start_in(readers, None)
    }

    /// A server that refuses signatures for another region, in the words that Amazon S3 has for it.
    pub fn start_in(readers: Readers, region: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        if readers == Readers::Key {
            builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        }
        let state = Arc::new(State { service: builder.build(), region, log: Mutex::default() });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, Arc::clone(&state)));
        Self { folder, address, state, _runtime: runtime }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where an object lies on the disk; its folder is made.
    pub fn path(&self, bucket: &str, key: &str) -> PathBuf {
        let path = self.folder.path().join(bucket).join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub fn put(&self, bucket: &str, key: &str, file: &Path) {
        fs::copy(file, self.path(bucket, key)).unwrap();
    }

    /// What was asked since the last call.
    pub fn take_log(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.state.log.lock().unwrap())
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((socket, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let answer = service_fn(move |request| answer(Arc::clone(&state), request));
            // A client that hangs up is no concern of the server's.
            http1::Builder::new().serve_connection(TokioIo::new(socket), answer).await.ok();
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
    let target = request.uri().to_string();
    let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap().to_owned();
    let range = request.headers().get(RANGE).map(text);
    let response = match state.region.filter(|region| !target.contains(&format!("%2F{region}%2Fs3%2F"))) {
        Some(region) => elsewhere(region),
        None => state.service.call(request.map(Body::from)).await?,
    };
    let length = response.headers().get(CONTENT_LENGTH).map(text);
    let bytes = length.map_or(0, |length| length.parse().unwrap());
    let status = response.status().as_u16();
    state.log.lock().unwrap().push(Exchange { target, range, status, bytes });
    Ok(response)
}

fn elsewhere(region: &str) -> Response<Body> {
    let message = format!("Error parsing the X-Amz-Credential parameter; expecting '{region}'");
    let body = format!(
        "<Error><Code>AuthorizationQueryParametersError</Code><Message>{message}</Message><Region>{region}</Region></Error>"
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
