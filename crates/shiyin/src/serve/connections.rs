//! Connections: how many there may be, how long a head may take, how they end.

use super::tls::is_proof;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

/// Connections held at once; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 4096;
/// How long the head of a request may take, and how long a connection may lie idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long requests under way may take once the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// A request's head and one read of its body; heads beyond it are refused.
const BUFFER_BYTES: usize = 16 << 10;
/// Pause after the system could not give a connection, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who sent a request.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

/// Serves until `stop`, then lets what is under way finish; over TLS where there is an acceptor.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(BUFFER_BYTES);
    let http = Arc::new(http);
    let accept = async {
        loop {
            // The semaphore is never closed, so a place always comes.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, address)) = listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            // A reply is one small segment; waiting for more would only delay it.
            let _ = stream.set_nodelay(true);
            let (watcher, http, router, tls) = (graceful.watcher(), Arc::clone(&http), router.clone(), tls.clone());
            tokio::spawn(async move {
                // A connection that breaks is its client's affair.
                match tls {
                    None => drop(watcher.watch(connection(&http, stream, address.ip(), router)).await),
                    Some(tls) => {
                        if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await
                            && !is_proof(stream.get_ref().1)
                        {
                            drop(watcher.watch(connection(&http, stream, address.ip(), router)).await);
                        }
                    }
                }
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    let _ = tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await;
}

fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    http: &http1::Builder,
    stream: S,
    address: IpAddr,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + use<S> {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Client(address));
        router.clone().call(request.map(Body::new))
    });
    http.serve_connection(TokioIo::new(stream), service)
}
