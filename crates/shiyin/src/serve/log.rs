//! The log's public files over HTTP (C2SP tlog-tiles): the checkpoint, tiles and bundles.

use super::{Server, public, refuse};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use proof::tlog::tile::Tile;
use std::sync::Arc;
use trust::ledger::{CHECKPOINT, KEY_FILE};

/// A full bundle of the entries that this log takes is far smaller.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// `GET /log/…`; whatever is not the name of one of the log's files is not there.
pub(super) async fn file(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Response<Body> {
    // What changes must be asked for each time; a tile never does.
    let (media_type, caching) = match name.as_str() {
        CHECKPOINT => ("text/plain; charset=utf-8", "no-cache"),
        KEY_FILE => ("text/plain; charset=utf-8", "public, max-age=3600"),
        name if Tile::parse(name).is_some() => {
            ("application/octet-stream", "public, max-age=31536000, immutable")
        }
        _ => return refuse(StatusCode::NOT_FOUND, "not a file of the log\n"),
    };
    match server.log.get(&name, FILE_BYTES_MAX).await {
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
