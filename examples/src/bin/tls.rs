//! rustls: TLS in both directions over goroutines' sockets, with a certificate made by rcgen.
//!
//! - `tls serve 127.0.0.1:8443 cert.pem` writes its certificate there; then
//!   `curl --cacert cert.pem https://localhost:8443/`;
//! - `tls get 127.0.0.1:8443 cert.pem 100`: a hundred clients at once.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use rt::net::{TcpListener, TcpStream};
use rt::thread;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| match arguments[..] {
            ["serve", address, certificate] => serve(address, certificate),
            ["get", address, certificate, clients] => get(address, certificate, clients.parse()?),
            _ => Err("usage: tls serve ADDRESS CERT | get ADDRESS CERT CLIENTS".into()),
        })
    }
}

/// Answers each request with the version of TLS that it came by.
fn serve(address: &str, certificate: &str) -> Result<()> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()])?;
    std::fs::write(certificate, made.cert.pem())?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    let config = Arc::new(config);

    let listener = TcpListener::bind(address)?;
    println!("https://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let connection = ServerConnection::new(Arc::clone(&config))?;
        let stream = StreamOwned::new(connection, stream?);
        rt::go(move || drop(answer(stream))); // a client that breaks off is no error of ours
    }
    Ok(())
}

fn answer(stream: StreamOwned<ServerConnection, TcpStream>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        line.clear(); // until the empty line
    }
    let stream = stream.get_mut();
    let version = stream.conn.protocol_version().and_then(|version| version.as_str());
    let text = format!("hello over {}\n", version.unwrap_or("TLS"));
    let length = text.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all((head + &text).as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// So many clients at once; prints what they got.
fn get(address: &str, certificate: &str, clients: usize) -> Result<()> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let config = Arc::new(config);
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (config, address) = (Arc::clone(&config), address.to_string());
            thread::spawn(move || ask(config, &address))
        })
        .collect();
    let mut answers = Vec::new();
    for client in clients {
        answers.push(client.join().expect("a client does not panic")?);
    }
    answers.dedup();
    print!("{}", answers.concat());
    Ok(())
}

fn ask(config: Arc<ClientConfig>, address: &str) -> Result<String> {
    let connection = ClientConnection::new(config, ServerName::try_from("localhost")?)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (_head, body) = response.split_once("\r\n\r\n").ok_or("half a response")?;
    Ok(body.to_string())
}
