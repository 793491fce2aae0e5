//! tungstenite: a WebSocket server that says everything back, a goroutine for each connection. Who
//! does not ask for a WebSocket gets a page that does.
//!
//! - `websocket serve 127.0.0.1:8080`, then open <http://127.0.0.1:8080> in a browser;
//! - `websocket talk 127.0.0.1:8080 100`: a hundred clients at once.

use std::error::Error;
use std::io::{self, Write};

use rt::net::{TcpListener, TcpStream};
use rt::thread;
use tungstenite::{Message, WebSocket};

const PAGE: &str = include_str!("../websocket.html");

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| match arguments[..] {
            ["serve", address] => Ok(serve(&TcpListener::bind(address)?)?),
            ["talk", address, clients] => talk(address, clients.parse()?),
            _ => Err("usage: websocket serve ADDRESS | talk ADDRESS CLIENTS".into()),
        })
    }
}

fn serve(listener: &TcpListener) -> io::Result<()> {
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        rt::go(move || match tungstenite::accept(&stream) {
            Ok(socket) => drop(echo(socket)), // the other side has gone
            Err(_) => drop(send_page(&stream)),
        });
    }
    Ok(())
}

fn echo(mut socket: WebSocket<&TcpStream>) -> tungstenite::Result<()> {
    loop {
        let message = socket.read()?;
        if message.is_text() || message.is_binary() {
            socket.send(message)?;
        }
    }
}

fn send_page(mut stream: &TcpStream) -> io::Result<()> {
    let length = PAGE.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{PAGE}"
    )
}

/// So many clients, which all send and receive at once.
fn talk(address: &str, clients: usize) -> Result<(), Box<dyn Error + Send + Sync>> {
    let clients: Vec<_> = (0..clients)
        .map(|client| {
            let address = address.to_string();
            thread::spawn(move || ask(&address, client))
        })
        .collect();
    let mut echoes = 0;
    for client in clients {
        echoes += client.join().expect("a client does not panic")?;
    }
    println!("{echoes} echoes");
    Ok(())
}

fn ask(address: &str, client: usize) -> Result<usize, Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(address)?;
    let (mut socket, _response) = tungstenite::client(format!("ws://{address}/"), stream)?;
    let texts = [format!("client {client}"), "x".repeat(100 * client)];
    for text in &texts {
        socket.send(Message::text(text))?;
        if socket.read()?.to_text()? != text {
            return Err("an echo differs".into());
        }
    }
    socket.close(None)?;
    while socket.read().is_ok() {} // until the server has closed it too
    Ok(texts.len())
}
