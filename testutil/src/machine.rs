//! Ports and random words of this machine.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use crate::Error;

/// Below the range from which systems take the ports of outgoing connections, so that a free port stays
/// free until the server that it is for has it.
const PORTS: std::ops::Range<u16> = 18_000..32_000;

static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// Returns a port of 127.0.0.1 that is free now and was not given before in this process.
///
/// # Errors
/// When none is found.
pub fn free_port() -> Result<u16, Error> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..200 {
        let random = u16::from_le_bytes(random().map_err(Error::io("no random number"))?);
        let port = PORTS.start + random % (PORTS.end - PORTS.start);
        if !given.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            given.insert(port);
            return Ok(port);
        }
    }
    Err(Error::io("no free port was found")(io::ErrorKind::AddrInUse.into()))
}

/// Returns 32 hexadecimal digits that nobody can guess.
pub(crate) fn secret() -> Result<String, Error> {
    let bytes: [u8; 16] = random().map_err(Error::io("no random number"))?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
