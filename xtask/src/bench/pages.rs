//! How long pages take: wall time of a request over one connection, for each page.

use super::{clock, ms, read_answer, serve};
use anyhow::Result;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

const REQUESTS: usize = 200;

pub(super) fn run(program: &Path, data: &Path) -> Result<()> {
    let (_server, address) = serve(program, data)?;
    for path in ["/", "/verify", "/authority", "/help/verify"] {
        let mut stream = TcpStream::connect(&address)?;
        stream.set_nodelay(true)?;
        let mut waits: Vec<Duration> = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let sent = clock();
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())?;
            read_answer(&mut stream)?;
            waits.push(sent.elapsed());
        }
        waits.sort_unstable();
        let at = |q: usize| ms(waits[(REQUESTS - 1) * q / 100].as_secs_f64());
        println!("page {path:<14} p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms (bar: 20)", at(50), at(99), at(100));
    }
    Ok(())
}
