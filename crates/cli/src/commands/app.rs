//! `stillframe app`: tenants and their settings.

use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;
use stillframe_domain::url_signing::{UrlKey, UrlScheme};
use stillframe_domain::{
    App, AppId, AppSettings, CoverChoice, Dialect, EndpointId, EventFormat, PolicyName, PullMode,
};
use stillframe_service::NewEndpoint;

use crate::config::{self, Config, ConfigFlags};
use crate::wiring;

/// Makes, lists and changes apps (tenants). Works beside a running server.
#[derive(Debug, clap::Args)]
pub struct AppArgs {
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AppCommand {
    /// Makes an app with a key of its own, and prints both.
    Create {
        /// A name for people.
        name: String,
        #[command(flatten)]
        settings: SettingsArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists the apps.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Changes settings of an app.
    Set {
        /// The app's number.
        id: i64,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Adds a callback to an app.
    AddEndpoint {
        /// The app's number.
        id: i64,
        /// Where it goes: an absolute http or https URL.
        #[arg(long)]
        url: String,
        /// How bodies are written: `native`, `cloudevents`, `cloudevents-binary`, `tencent-4.0`,
        /// `tencent-2018` or `alibaba`.
        #[arg(long, default_value = "native", value_parser = event_format)]
        format: EventFormat,
        /// Whose jobs it hears of (`native`, `tencent`, `alibaba`); all by default.
        #[arg(long, value_delimiter = ',', value_parser = dialect)]
        origins: Vec<Dialect>,
        /// When an answer counts and when it is sent again: `long` (ten attempts over three days), or as
        /// a vendor documents it, `tencent` or `alibaba`.
        #[arg(long, default_value = "long", value_parser = config::policy_name)]
        policy: PolicyName,
    },
    /// Lists the callbacks of an app.
    Endpoints {
        /// The app's number.
        id: i64,
    },
    /// Removes a callback of an app.
    RemoveEndpoint {
        /// The app's number.
        id: i64,
        /// The callback's id.
        endpoint_id: String,
    },
}

#[derive(Debug, clap::Args)]
struct SettingsArgs {
    /// How the Tencent dialect tells of events: `off`, `push` or `pull`.
    #[arg(long, value_parser = config::pull_mode)]
    tencent_mode: Option<PullMode>,
    /// Base of picture URLs (a CDN or own domain); empty goes back to the server's.
    #[arg(long, value_name = "URL")]
    media_base_url: Option<String>,
    /// How callbacks are made that a vendor's API configured or a request named: `long`, `tencent` or
    /// `alibaba`.
    #[arg(long, value_name = "POLICY", value_parser = config::policy_name)]
    callback_policy: Option<PolicyName>,
    /// Whether uploads get automatic covers.
    #[arg(long, value_name = "BOOL")]
    automatic_covers: Option<bool>,
    /// Which automatic cover stands for a video whose user chose none: `middle`, or `best` for one that is
    /// not black, blurred or within a fade.
    #[arg(long, value_name = "CHOICE", value_parser = config::cover_choice)]
    cover_choice: Option<CoverChoice>,
    /// A key that signs picture URLs, as SCHEME:SECRET; give it again for a second key. Only signed URLs
    /// open pictures then; `none` opens them to all. Schemes: native, tencent, alibaba-a, alibaba-b,
    /// alibaba-c1, alibaba-c2.
    #[arg(long = "url-key", value_name = "SCHEME:SECRET")]
    url_keys: Vec<String>,
    /// How long signed picture URLs are good, in seconds.
    #[arg(long, value_name = "SECONDS")]
    url_valid_s: Option<u32>,
    /// How many videos it may have; `none` for no limit.
    #[arg(long, value_name = "COUNT", value_parser = limit)]
    videos_max: Option<Most>,
    /// How many bytes of videos it may have in the store; `none` for no limit.
    #[arg(long, value_name = "BYTES", value_parser = limit)]
    bytes_max: Option<Most>,
}

impl SettingsArgs {
    fn apply(&self, to: &AppSettings) -> anyhow::Result<AppSettings> {
        let mut settings = to.clone();
        settings.tencent_mode = self.tencent_mode.unwrap_or(settings.tencent_mode);
        settings.callback_policy = self.callback_policy.unwrap_or(settings.callback_policy);
        settings.automatic_covers = self.automatic_covers.unwrap_or(settings.automatic_covers);
        settings.cover_choice = self.cover_choice.unwrap_or(settings.cover_choice);
        if let Some(base) = &self.media_base_url {
            settings.media_base_url = (!base.is_empty()).then(|| base.clone());
        }
        if !self.url_keys.is_empty() {
            settings.url_signing.keys = url_keys(&self.url_keys)?;
        }
        settings.url_signing.valid_s = self.url_valid_s.unwrap_or(settings.url_signing.valid_s);
        if let Some(Most(videos_max)) = self.videos_max {
            settings.quota.videos_max = videos_max;
        }
        if let Some(Most(bytes_max)) = self.bytes_max {
            settings.quota.bytes_max = bytes_max;
        }
        Ok(settings)
    }
}

/// A limit, or none.
#[derive(Debug, Clone, Copy)]
struct Most(Option<u64>);

fn limit(text: &str) -> Result<Most, String> {
    match text {
        "none" => Ok(Most(None)),
        number => {
            number.parse().map(|most| Most(Some(most))).map_err(|_| "expected a number or none".to_owned())
        }
    }
}

fn url_keys(texts: &[String]) -> anyhow::Result<Vec<UrlKey>> {
    if texts == ["none"] {
        return Ok(Vec::new());
    }
    let key = |text: &String| {
        UrlKey::parse(text).with_context(|| {
            let schemes = UrlScheme::ALL.map(UrlScheme::name).join(", ");
            format!("expected SCHEME:SECRET with one of {schemes}, or none")
        })
    };
    texts.iter().map(key).collect()
}

fn event_format(name: &str) -> Result<EventFormat, String> {
    let expected = || format!("expected one of {}", EventFormat::ALL.map(EventFormat::name).join(", "));
    EventFormat::parse(name).ok_or_else(expected)
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::parse(name).ok_or_else(|| "expected native, tencent or alibaba".to_owned())
}

/// Runs the command.
///
/// # Errors
/// When the settings or the database cannot be used, or there is no such app.
pub async fn run(args: &AppArgs, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags, None)?;
    let service = wiring::open_service(&config).await?;
    match &args.command {
        AppCommand::Create { name, settings, json } => {
            let (app, key) = service.create_app(name, &settings.apply(&AppSettings::default())?).await?;
            if *json {
                println!("{}", json!({ "app_id": app.id, "key_id": key.key_id, "secret": key.secret }));
            } else {
                println!("app {} ({})\nkey id {}\nsecret {}", app.id, app.name, key.key_id, key.secret);
            }
        }
        AppCommand::List { json } => {
            let apps = service.list_apps().await?;
            if *json {
                println!("{}", serde_json::to_string(&apps)?);
            } else {
                apps.iter().for_each(print_app);
            }
        }
        AppCommand::Set { id, settings } => {
            let app = service.get_app(AppId(*id)).await?;
            let changed = settings.apply(&app.settings)?;
            if changed == app.settings {
                bail!("nothing to change: give at least one setting that differs");
            }
            service.update_app_settings(app.id, &changed).await?;
            print_app(&service.get_app(app.id).await?);
        }
        AppCommand::AddEndpoint { id, url, format, origins, policy } => {
            let app = service.get_app(AppId(*id)).await?;
            let new = NewEndpoint::native(url, *format, origins).with_policy(*policy);
            let endpoint = service.create_endpoint(&app, new).await?;
            println!("endpoint {} (secret {})", endpoint.id, endpoint.secret);
        }
        AppCommand::Endpoints { id } => {
            let app = service.get_app(AppId(*id)).await?;
            for endpoint in service.list_endpoints(&app).await? {
                println!("{} {} {}", endpoint.id, endpoint.format.name(), endpoint.url);
            }
        }
        AppCommand::RemoveEndpoint { id, endpoint_id } => {
            let app = service.get_app(AppId(*id)).await?;
            service.delete_endpoint(&app, &EndpointId::parse(endpoint_id)?).await?;
            println!("removed {endpoint_id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_app(app: &App) {
    let base = app.settings.media_base_url.as_deref().unwrap_or("the server's");
    println!(
        "app {} ({}): tencent mode {:?}, automatic covers {}, cover {}, picture base {base}",
        app.id,
        app.name,
        app.settings.tencent_mode,
        app.settings.automatic_covers,
        app.settings.cover_choice.name()
    );
}
