//! `stillframe key`: access keys of an app.

use std::process::ExitCode;

use serde_json::json;
use stillframe_domain::AppId;

use crate::config::{Config, ConfigFlags};
use crate::wiring;

/// Makes, lists and removes access keys. Works beside a running server.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// Makes a key and prints it; the secret is shown this once.
    Create {
        /// The app's number.
        app_id: i64,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists the ids of an app's keys.
    List {
        /// The app's number.
        app_id: i64,
    },
    /// Removes a key; requests that it signs are refused from then on.
    Delete {
        /// The app's number.
        app_id: i64,
        /// The key's id.
        key_id: String,
    },
}

/// Runs the command.
///
/// # Errors
/// When the settings or the database cannot be used, or there is no such app or key.
pub async fn run(args: &KeyArgs, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags, None)?;
    let service = wiring::open_service(&config).await?;
    match &args.command {
        KeyCommand::Create { app_id, json } => {
            let key = service.create_key(AppId(*app_id)).await?;
            if *json {
                println!("{}", json!({ "app_id": app_id, "key_id": key.key_id, "secret": key.secret }));
            } else {
                println!("key id {}\nsecret {}", key.key_id, key.secret);
            }
        }
        KeyCommand::List { app_id } => {
            let app = service.get_app(AppId(*app_id)).await?;
            for key in service.list_keys(app.id).await? {
                println!("{}", key.key_id);
            }
        }
        KeyCommand::Delete { app_id, key_id } => {
            service.delete_key(AppId(*app_id), key_id).await?;
            println!("removed {key_id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
