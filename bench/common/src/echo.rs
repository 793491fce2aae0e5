//! What a server says back, where a call blocks the task.

use std::io::{Read, Result, Write};

/// Sends back what comes in, until the other side ends.
///
/// # Errors
/// Those of the stream.
pub fn echo(mut stream: impl Read + Write) -> Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let len = stream.read(&mut bytes)?;
        if len == 0 {
            return Ok(());
        }
        stream.write_all(&bytes[..len])?;
    }
}
