//! Messages to the operator: to standard error or to files, for people or for programs.
//!
//! Never written: keys, passphrases, PINs, tokens of access, imprints, nonces,
//! requests, replies, who asked.

use crate::config::{MessageFormat, MessagesConfig};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// Begins; what is under way is written out when the guard is dropped.
pub(super) fn start(config: &MessagesConfig, words: &Words) -> Result<Option<WorkerGuard>, Failure> {
    let (writer, guard) = match &config.folder {
        None => (BoxMakeWriter::new(std::io::stderr), None),
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|e| input::cannot_write(folder, &e, words))?;
            let files = Builder::new()
                .rotation(Rotation::DAILY)
                .filename_prefix("shiyin")
                .filename_suffix("log")
                .max_log_files(config.keep_days.max(1))
                .build(folder);
            let files = files.map_err(|e| {
                let values = [("path", &*folder.to_string_lossy()), ("cause", &*e.to_string())];
                Failure::new(Exit::Instance, words.say("err-write", &values))
            })?;
            let (writer, guard) = tracing_appender::non_blocking(files);
            (BoxMakeWriter::new(writer), Some(guard))
        }
    };
    let colours = config.folder.is_none() && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let messages = tracing_subscriber::fmt().with_writer(writer).with_ansi(colours);
    match config.format {
        MessageFormat::Text => messages.init(),
        MessageFormat::Json => messages.json().flatten_event(true).init(),
    }
    Ok(guard)
}
