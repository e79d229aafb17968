//! `stillframe serve`: the service, all roles in one process.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use stillframe_domain::AccessKey;
use stillframe_service::{NewEndpoint, Service};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::admin::{self, Admin};
use crate::config::{self, AppConfig, Config, ConfigFlags, EndpointConfig, LogFormat};
use crate::listener::limits::LimitsConfig;
use crate::wiring::{self, Server};
use crate::{listener, metrics, open_files, tls, upload_cleaner};

/// How long running work may go on after the first signal to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Runs the service: API, workers and event relay.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Address and port of the public listener; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// Runs the command until a signal ends it.
///
/// # Errors
/// When the settings cannot be used, or a listener, the database or the store cannot be opened.
pub async fn run(args: &ServeArgs, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags, args.listen)?;
    log_to_stderr(&config)?;
    let metrics = metrics::install()?;
    open_files::raise(config.limits.connections_max);
    // Before anything is announced, so that a signal that follows at once is a graceful stop too.
    let signals = Signals::listen()?;
    let public = listen("server.listen", config.server.listen).await?;
    let admin = listen("admin.listen", config.admin.listen).await?;
    let server = wiring::build(&config, public.local_addr()?).await?;
    let bootstrap = config::bootstrap_from_environment()?;
    if let Some(key) = server.service.bootstrap(&bootstrap).await? {
        announce(&key, bootstrap.key.is_some());
    }
    apply_app_settings(&server.service, &config.app).await?;
    // This is the only process of its database: whatever was leased belonged to one that is gone.
    let jobs = server.database.void_leases().await?;
    let deliveries = server.database.void_delivery_leases().await?;
    if jobs + deliveries > 0 {
        tracing::info!(job_count = jobs, delivery_count = deliveries, "took up what a lost process held");
    }
    tracing::info!(listen = %public.local_addr()?, admin = %admin.local_addr()?, "serving");
    let (scheme, tls) = (config.scheme(), &config.server.tls);
    println!("listening on {scheme}://{} (admin http://{})", public.local_addr()?, admin.local_addr()?);
    let tls = tls.is_on().then(|| tls::acceptor(&tls.cert_file, &tls.key_file)).transpose()?;
    let listeners = Listeners { public, tls, admin, metrics, limits: config.limits };
    serve_until_signal(server, listeners, signals).await
}

/// Brings the first app to what the settings say of it.
async fn apply_app_settings(service: &Service, wanted: &AppConfig) -> anyhow::Result<()> {
    let Some(app) = service.list_apps().await?.into_iter().next() else { return Ok(()) };
    let mut settings = app.settings.clone();
    settings.tencent_mode = wanted.mode().unwrap_or(settings.tencent_mode);
    settings.callback_policy = wanted.policy().unwrap_or(settings.callback_policy);
    settings.cover_choice = wanted.cover().unwrap_or(settings.cover_choice);
    if !wanted.media_base_url.is_empty() {
        settings.media_base_url = Some(wanted.media_base_url.clone());
    }
    if settings != app.settings {
        service.update_app_settings(app.id, &settings).await.context("app: the settings cannot be used")?;
    }
    let known = service.list_endpoints(&app).await?;
    let is_known = |one: &EndpointConfig| known.iter().any(|k| k.url == one.url && k.format == one.format);
    for endpoint in wanted.endpoints.iter().filter(|one| !is_known(one)) {
        let new = NewEndpoint::native(&endpoint.url, endpoint.format, &endpoint.origins)
            .with_policy(endpoint.policy);
        service.create_endpoint(&app, new).await.context("app.endpoints cannot be used")?;
    }
    Ok(())
}

/// Where the server listens, and within which limits.
struct Listeners {
    public: TcpListener,
    tls: Option<TlsAcceptor>,
    admin: TcpListener,
    metrics: metrics::Metrics,
    limits: LimitsConfig,
}

async fn serve_until_signal(server: Server, at: Listeners, mut signals: Signals) -> anyhow::Result<ExitCode> {
    let stop = CancellationToken::new();
    let for_operator = admin::routes(Admin {
        service: server.service.clone(),
        sandbox: server.sandbox.into(),
        data: server.data.into(),
        metrics: at.metrics.clone(),
    });
    let listeners = [
        listener::spawn(at.public, server.public, at.tls, &at.limits, &stop),
        listener::spawn(at.admin, for_operator, None, &at.limits, &stop),
    ];
    tokio::spawn(at.metrics.clone().keep_up(stop.clone()));
    let runner = tokio::spawn({
        let stop = stop.clone();
        async move { server.runner.run(stop).await }
    });
    let relay = tokio::spawn({
        let stop = stop.clone();
        async move { server.relay.run(stop).await }
    });
    let cleaner = tokio::spawn({
        let stop = stop.clone();
        async move { server.cleaner.run(stop).await }
    });
    let upload_cleaner = tokio::spawn({
        let (service, stop) = (server.service.clone(), stop.clone());
        async move { upload_cleaner::run(&service, stop).await }
    });
    signals.next().await;
    tracing::info!("stopping; a second signal stops at once");
    stop.cancel();
    server.service.stop_waiting();
    let work = async {
        let _ = tokio::join!(runner, relay, cleaner, upload_cleaner);
        for listener in listeners {
            let _ = listener.await;
        }
        server.database.close().await;
    };
    tokio::select! {
        () = work => tracing::info!("stopped"),
        () = tokio::time::sleep(GRACE + Duration::from_secs(5)) => tracing::warn!("stopped with work left; it is taken up at the next start"),
        () = signals.next() => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address} ({key})"))
}

/// The signals that stop the server.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
        let terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        Ok(Self { interrupt, terminate })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn announce(key: &AccessKey, is_given: bool) {
    if is_given {
        println!("made the default app {} with the given access key {}", key.app_id, key.key_id);
    } else {
        println!("made the default app {} with this access key, shown this once:", key.app_id);
        println!("  key id {}\n  secret {}", key.key_id, key.secret);
    }
}

fn log_to_stderr(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter).context("log.filter cannot be used")?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}
