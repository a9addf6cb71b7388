//! The log's public files over HTTP (C2SP tlog-tiles): the checkpoint, tiles and bundles.

use super::{Server, public, refuse};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use proof::logged::LogIdentity;
use proof::tlog::tile::Tile;
use std::sync::Arc;
use trust::instance::log_id;
use trust::ledger::kept::{KEPT_LIST, is_kept_name};
use trust::ledger::{CHECKPOINT, KEY_FILE};

/// A full bundle of the entries that this log takes is far smaller.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What `GET /log` says: where each log is, and its verifier key; the newest last.
pub(super) fn listing(logs: &[LogIdentity]) -> String {
    let line = |log: &LogIdentity| {
        let keys: Vec<String> = log.keys.iter().map(ToString::to_string).collect();
        format!("/log/{}/ {}\n", log_id(log), keys.join(" "))
    };
    logs.iter().map(line).collect()
}

/// `GET /log/ID/…`; whatever is not the name of one of a log's files is not there.
pub(super) async fn file(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Response<Body> {
    let is_id = |id: &str| id.len() == 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let Some((_, file)) = name.split_once('/').filter(|(id, _)| is_id(id)) else {
        return refuse(StatusCode::NOT_FOUND, "not a file of a log\n");
    };
    // What changes must be asked for each time; a tile or a stamp never does.
    let (media_type, caching) = match file {
        CHECKPOINT | KEPT_LIST => ("text/plain; charset=utf-8", "no-cache"),
        KEY_FILE => ("text/plain; charset=utf-8", "public, max-age=3600"),
        file if Tile::parse(file).is_some() || is_kept_name(file) => {
            ("application/octet-stream", "public, max-age=31536000, immutable")
        }
        _ => return refuse(StatusCode::NOT_FOUND, "not a file of a log\n"),
    };
    match server.logs.get(&name, FILE_BYTES_MAX).await {
        Ok(Some(bytes)) => {
            let mut response = public("", media_type);
            *response.body_mut() = Body::from(bytes);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
            response
        }
        Ok(None) => refuse(StatusCode::NOT_FOUND, "the log has no such file yet\n"),
        Err(error) => {
            tracing::error!(%error, name, "a file of the log cannot be read");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read now; try later\n")
        }
    }
}
