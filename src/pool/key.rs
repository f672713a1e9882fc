//! The name of an origin: requests with the same name may use the same socket.
//!
//! It equals the result of `agent.getName()` byte for byte, since users look up `agent.sockets[name]`.

/// Where a request goes. An empty text means "not given".
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// Host name or address.
    pub host: &'a str,
    /// Port, as text.
    pub port: &'a str,
    /// Local address to bind to.
    pub local_address: &'a str,
    /// 4 or 6 if the address family is fixed; other values are not part of the name.
    pub family: i32,
    /// Path of a Unix domain socket.
    pub socket_path: &'a str,
}

/// `host:port:localAddress[:family][:socketPath]`, with `localhost` if no host is given.
pub fn origin_name(origin: &Origin) -> String {
    let host = if origin.host.is_empty() {
        "localhost"
    } else {
        origin.host
    };
    let texts = [host, origin.port, origin.local_address, origin.socket_path];
    let mut name = String::with_capacity(texts.iter().map(|text| text.len()).sum::<usize>() + 5);
    name.push_str(host);
    name.push(':');
    name.push_str(origin.port);
    name.push(':');
    name.push_str(origin.local_address);
    match origin.family {
        4 => name.push_str(":4"),
        6 => name.push_str(":6"),
        _ => {}
    }
    if !origin.socket_path.is_empty() {
        name.push(':');
        name.push_str(origin.socket_path);
    }
    name
}
