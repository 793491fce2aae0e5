//! redis-protocol: a small Redis, for `redis-cli` and `redis-benchmark`, a goroutine for each
//! connection: PING, ECHO, SET, GET, DEL, INCR, EXPIRE, TTL, LPUSH, LRANGE. `redis 127.0.0.1:6379`

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use redis_protocol::resp2::decode::decode_bytes_mut;
use redis_protocol::resp2::encode::extend_encode;
use redis_protocol::resp2::types::BytesFrame as Frame;
use rt::net::{TcpListener, TcpStream};
use rt::sync::Mutex;
use rt::time::{Duration, Instant};

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
const NO_NUMBER: &str = "ERR value is not an integer or out of range";

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let address = std::env::args().nth(1).ok_or("usage: redis ADDRESS")?;
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe { rt::run(|| Ok(serve(&TcpListener::bind(address)?)?)) }
}

fn serve(listener: &TcpListener) -> io::Result<()> {
    println!("redis://{}", listener.local_addr()?);
    let store = Arc::new(Mutex::new(Store::default()));
    for stream in listener.incoming() {
        let (stream, store) = (stream?, Arc::clone(&store));
        rt::go(move || drop(talk(stream, &store))); // the other side has gone
    }
    Ok(())
}

/// Answers all commands that have come with one write.
fn talk(mut stream: TcpStream, store: &Mutex<Store>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    let mut chunk = [0; 16 * 1024];
    loop {
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return Ok(());
        }
        input.extend_from_slice(&chunk[..length]);
        while let Some(command) = next_command(&mut input)? {
            let Some((name, arguments)) = command.split_first() else { continue };
            let reply = store.lock().unwrap().answer(name, arguments);
            extend_encode(&mut output, &reply, false).map_err(io::Error::other)?;
        }
        stream.write_all(&output)?;
        output.clear();
    }
}

/// The next whole command: an array of strings, or words in a line.
fn next_command(input: &mut BytesMut) -> io::Result<Option<Vec<Bytes>>> {
    if input.first().is_none_or(|first| *first == b'*') {
        let Some((frame, ..)) = decode_bytes_mut(input).map_err(io::Error::other)? else {
            return Ok(None);
        };
        let Frame::Array(words) = frame else { return Ok(Some(Vec::new())) };
        let text = |word| match word {
            Frame::BulkString(text) => Ok(text),
            _ => Err(io::Error::other("a command is made of bulk strings")),
        };
        return words.into_iter().map(text).collect::<io::Result<_>>().map(Some);
    }
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let line = input.split_to(end + 1).freeze();
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Ok(Some(words.map(|word| line.slice_ref(word)).collect()))
}

#[derive(Default)]
struct Store(HashMap<Bytes, Entry>);

struct Entry {
    value: Value,
    expires: Option<Instant>,
}

enum Value {
    Text(Bytes),
    List(VecDeque<Bytes>),
}

/// What is kept must not keep all that was read with it.
fn owned(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn error(text: &'static str) -> Frame {
    Frame::Error(text.into())
}

fn number(text: &Bytes) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

impl Store {
    fn answer(&mut self, name: &Bytes, arguments: &[Bytes]) -> Frame {
        match (name.to_ascii_uppercase().as_slice(), arguments) {
            (b"PING", []) => Frame::SimpleString(Bytes::from_static(b"PONG")),
            (b"PING" | b"ECHO", [text]) => Frame::BulkString(text.clone()),
            (b"SET", [key, value]) => {
                let value = Value::Text(owned(value));
                self.0.insert(owned(key), Entry { value, expires: None });
                Frame::SimpleString(Bytes::from_static(b"OK"))
            }
            (b"GET", [key]) => match self.get(key).map(|entry| &entry.value) {
                Some(Value::Text(text)) => Frame::BulkString(text.clone()),
                Some(Value::List(_)) => error(WRONG_TYPE),
                None => Frame::Null,
            },
            (b"DEL", keys @ [_, ..]) => {
                let removed = keys.iter().filter(|key| {
                    let is_there = self.get(key).is_some();
                    is_there && self.0.remove(*key).is_some()
                });
                Frame::Integer(removed.count() as i64)
            }
            (b"INCR", [key]) => self.increase(key),
            (b"EXPIRE", [key, seconds]) => match number(seconds) {
                Some(seconds) => self.expire(key, seconds),
                None => error(NO_NUMBER),
            },
            (b"TTL", [key]) => Frame::Integer(match self.get(key).map(|entry| entry.expires) {
                Some(Some(when)) => (when - Instant::now()).as_secs_f64().round() as i64,
                Some(None) => -1,
                None => -2,
            }),
            (b"LPUSH", [key, values @ ..]) if !values.is_empty() => self.push(key, values),
            (b"LRANGE", [key, first, last]) => match (number(first), number(last)) {
                (Some(first), Some(last)) => self.range(key, first, last),
                _ => error(NO_NUMBER),
            },
            _ => error("ERR unknown command or wrong number of arguments"),
        }
    }

    /// What is there and has not expired.
    fn get(&mut self, key: &Bytes) -> Option<&mut Entry> {
        let now = Instant::now();
        if self.0.get(key)?.expires.is_some_and(|when| when <= now) {
            self.0.remove(key);
        }
        self.0.get_mut(key)
    }

    fn get_or_insert(&mut self, key: &Bytes, value: Value) -> &mut Value {
        let _expired = self.get(key);
        &mut self.0.entry(owned(key)).or_insert(Entry { value, expires: None }).value
    }

    fn increase(&mut self, key: &Bytes) -> Frame {
        match self.get_or_insert(key, Value::Text(Bytes::from_static(b"0"))) {
            Value::Text(text) => match number(text).and_then(|old| old.checked_add(1)) {
                Some(new) => {
                    *text = new.to_string().into();
                    Frame::Integer(new)
                }
                None => error(NO_NUMBER),
            },
            Value::List(_) => error(WRONG_TYPE),
        }
    }

    fn expire(&mut self, key: &Bytes, seconds: i64) -> Frame {
        let Some(entry) = self.get(key) else { return Frame::Integer(0) };
        let time = Duration::from_secs(seconds.max(0) as u64); // more than there is: never
        entry.expires = Instant::now().checked_add(time);
        Frame::Integer(1)
    }

    fn push(&mut self, key: &Bytes, values: &[Bytes]) -> Frame {
        match self.get_or_insert(key, Value::List(VecDeque::new())) {
            Value::List(list) => {
                values.iter().for_each(|value| list.push_front(owned(value)));
                Frame::Integer(list.len() as i64)
            }
            Value::Text(_) => error(WRONG_TYPE),
        }
    }

    fn range(&mut self, key: &Bytes, first: i64, last: i64) -> Frame {
        let list = match self.get(key).map(|entry| &entry.value) {
            Some(Value::List(list)) => list,
            Some(Value::Text(_)) => return error(WRONG_TYPE),
            None => return Frame::Array(Vec::new()),
        };
        let at = |index: i64| if index < 0 { list.len() as i64 + index } else { index };
        let (first, end) = (at(first).max(0) as usize, (at(last) + 1).max(0) as usize);
        let count = end.min(list.len()).saturating_sub(first);
        Frame::Array(list.iter().skip(first).take(count).cloned().map(Frame::BulkString).collect())
    }
}
