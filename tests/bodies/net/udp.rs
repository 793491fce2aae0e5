//! Messages.

use alloc::sync::Arc;

use super::*;
use crate::rt::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

fn udp() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// std: messages to anyone, to one; from anyone, from one; a look first.
fn messages() {
    let ((one, to_one), (other, to_other)) = (udp(), udp());
    let mut bytes = [0; 64];
    assert_eq!(one.send_to(b"hello", to_other).unwrap(), 5);
    assert_eq!(other.peek_from(&mut bytes).unwrap(), (5, to_one));
    assert_eq!(other.recv_from(&mut bytes).unwrap(), (5, to_one));
    assert_eq!(&bytes[..5], b"hello");
    assert_eq!(fails(one.peer_addr()), ENOTCONN);
    one.connect(to_other).unwrap();
    assert_eq!(one.peer_addr().unwrap(), to_other);
    one.send(b"1").unwrap();
    let (third, _) = udp();
    third.send_to(b"not from the one", to_one).unwrap();
    other.connect(to_one).unwrap();
    other.send(b"from the one").unwrap();
    assert_eq!(one.peek(&mut bytes).unwrap(), 12);
    assert_eq!(one.recv(&mut bytes).unwrap(), 12);
    assert_eq!(other.recv(&mut bytes).unwrap(), 1);
    assert!(one.send_to(b"x", &[][..]).is_err());
    assert!(UdpSocket::bind(&[][..]).is_err() && one.connect(&[][..]).is_err());
    let clone = one.try_clone().unwrap();
    other.send(b"clone").unwrap();
    assert_eq!(clone.recv(&mut bytes).unwrap(), 5);
}

/// A message to where nobody is comes back as an error of the next call.
fn nobody_is_there() {
    let nobodys = udp().1;
    let (one, _) = udp();
    one.connect(nobodys).unwrap();
    one.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..3 {
        one.send(b"x").unwrap();
        assert_eq!(fails(one.recv(&mut [0; 9])), ECONNREFUSED);
    }
    let one = Arc::new(one);
    let receiver = waiting(1, |_| {
        let one = Arc::clone(&one);
        move || fails(one.recv(&mut [0; 9]))
    });
    one.send(b"x").unwrap();
    assert_eq!(join_all(receiver), [ECONNREFUSED]);
}

/// std: what is set is there.
fn options() {
    let (one, _) = udp();
    for on in [true, false] {
        one.set_broadcast(on).unwrap();
        assert_eq!(one.broadcast().unwrap(), on);
        one.set_multicast_loop_v4(on).unwrap();
        assert_eq!(one.multicast_loop_v4().unwrap(), on);
    }
    one.set_multicast_ttl_v4(7).unwrap();
    assert_eq!(one.multicast_ttl_v4().unwrap(), 7);
    one.set_ttl(8).unwrap();
    assert_eq!(one.ttl().unwrap(), 8);
    assert!(one.take_error().unwrap().is_none());
    assert_eq!(fails(one.set_read_timeout(Some(Duration::ZERO))), EINVAL);
    one.set_nonblocking(true).unwrap();
    assert_eq!(fails(one.recv(&mut [0; 9])), EAGAIN);
    if let Ok(six) = UdpSocket::bind("[::1]:0") {
        six.set_multicast_loop_v6(false).unwrap();
        assert!(!six.multicast_loop_v6().unwrap());
    }
}

/// Groups are joined and left, where the machine has an interface for them.
fn groups() {
    let (one, _) = udp();
    let (group, here) = (Ipv4Addr::new(224, 0, 0, 123), Ipv4Addr::LOCALHOST);
    assert!(one.leave_multicast_v4(&group, &here).is_err(), "it is in none");
    if one.join_multicast_v4(&group, &here).is_ok() {
        assert!(one.join_multicast_v4(&group, &here).is_err(), "it is in it");
        one.leave_multicast_v4(&group, &here).unwrap();
    }
    assert!(one.join_multicast_v4(&here, &here).is_err(), "that is no group");
    if let Ok(six) = UdpSocket::bind("[::1]:0") {
        let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x7b);
        assert!(six.leave_multicast_v6(&group, 0).is_err());
        if six.join_multicast_v6(&group, 0).is_ok() {
            six.leave_multicast_v6(&group, 0).unwrap();
        }
    }
}

/// A server's shape: many goroutines receive and answer on one socket.
fn many_serve_one_socket() {
    let (server, address) = udp();
    let server = Arc::new(server);
    let workers = waiting(4, |_| {
        let server = Arc::clone(&server);
        move || {
            let (mut bytes, mut served) = ([0; 64], 0);
            loop {
                match server.recv_from(&mut bytes) {
                    Ok((len, from)) => {
                        server.send_to(&bytes[..len], from).unwrap();
                        served += 1;
                    }
                    Err(error) => {
                        assert_eq!(errno(&error), EBADF);
                        return served;
                    }
                }
            }
        }
    });
    let clients: Vec<_> = (0..4u8)
        .map(|number| {
            thread::spawn(move || {
                let (one, _) = udp();
                one.connect(address).unwrap();
                one.set_read_timeout(Some(PATIENCE)).unwrap();
                for round in 0..rounds(100) as u8 {
                    one.send(&[number, round]).unwrap();
                    let mut bytes = [0; 9];
                    assert_eq!(one.recv(&mut bytes).unwrap(), 2);
                    assert_eq!(bytes[..2], [number, round]);
                }
            })
        })
        .collect();
    join_all(clients);
    server.close().unwrap();
    assert_eq!(join_all(workers).iter().sum::<usize>(), 4 * rounds(100));
}

pub(crate) const ALL: &[(&str, fn())] = &[
    ("messages", messages),
    ("nobody_is_there", nobody_is_there),
    ("options", options),
    ("groups", groups),
    ("many_serve_one_socket", many_serve_one_socket),
];
