//! Through which proxy a cluster is reached.
//!
//! A connection may name one. Else the environment may, by the rules of Go's HTTP client, which are kubectl's too
//! (<https://pkg.go.dev/net/http#ProxyFromEnvironment>): this machine is never reached through one then, and NO_PROXY excepts others.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use http::{Uri, uri::Scheme};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{
        Client as HttpClient,
        connect::{HttpConnector, proxy::SocksV5},
    },
    rt::TokioExecutor,
};
use kube::client::{ClientBuilder, ConfigExt};
use percent_encoding::percent_decode_str;
use tower::{BoxError, ServiceBuilder};

use super::ConfigError;
use crate::Secret;

/// The proxies that an environment names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<Named>,
    http: Option<Named>,
    except: String,
}

/// The address of a proxy as somebody wrote it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub field: String,
    pub url: Secret,
}

impl Proxies {
    /// Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY; the same names in lower case count where those are not set. `variable` gives the value
    /// of a variable, and one that is set to nothing counts as not set.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &'static str| {
            [name.to_owned(), name.to_lowercase()]
                .into_iter()
                .find_map(|name| variable(&name).filter(|value| !value.is_empty()).map(|value| (name, value)))
        };
        let named = |name| set(name).map(|(field, url)| Named { field, url: Secret::new(url) });
        Self {
            https: named("HTTPS_PROXY"),
            http: named("HTTP_PROXY"),
            except: set("NO_PROXY").map(|(_, list)| list).unwrap_or_default(),
        }
    }

    /// The proxy for a server, unless it is excepted.
    pub(super) fn to(&self, server: &Uri) -> Result<Option<Proxy>, ConfigError> {
        let named = if server.scheme() == Some(&Scheme::HTTPS) { &self.https } else { &self.http };
        match named {
            Some(named) if !excepted(&self.except, host(server), port(server)) => {
                let url = named.url.reveal();
                // Without a scheme it is the address of an HTTP proxy.
                let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
                Proxy::read(&named.field, &whole, &["http", "https", "socks5", "socks5h"]).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// A proxy: where it is, and who we are there.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// How people called it.
    field: String,
    scheme: String,
    /// Host and port.
    authority: String,
    /// User and password, as they are written in the address.
    user: Option<(Secret, Secret)>,
}

impl Proxy {
    /// Reads the address of a proxy that a connection names.
    pub(super) fn named(named: &Named) -> Result<Self, ConfigError> {
        Self::read(&named.field, named.url.reveal(), &["http", "https", "socks5"])
    }

    fn read(field: &str, text: &str, schemes: &[&str]) -> Result<Self, ConfigError> {
        let wrong = |why: &'static str| ConfigError::Proxy { field: field.to_owned(), why };
        let uri = text.parse::<Uri>().map_err(|_| wrong("it is not a URL"))?;
        let scheme = uri.scheme_str().unwrap_or_default().to_owned();
        if !schemes.contains(&scheme.as_str()) {
            return Err(wrong("it begins with none of http://, https:// and socks5://"));
        }
        let authority = uri.authority().filter(|authority| !authority.host().is_empty());
        let authority = authority.ok_or_else(|| wrong("it has no host"))?;
        let port = authority.port_u16().unwrap_or(match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => 1080,
        });
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            (Secret::from(user), Secret::from(password))
        });
        let authority = format!("{}:{port}", authority.host());
        Ok(Self { field: field.to_owned(), scheme, authority, user })
    }

    /// Opens a client that reaches its server through this proxy.
    pub(super) fn client(&self, mut config: kube::Config) -> Result<kube::Client, kube::Error> {
        // What a proxy is asked for has a port, also where that is the usual one.
        if let Some(whole) = with_port(&config.cluster_url) {
            config.cluster_url = whole;
        }
        if self.scheme.starts_with("socks5") {
            return self.socks(config);
        }
        let user = self.user.as_ref();
        let user = user.map(|(user, password)| format!("{}:{}@", user.reveal(), password.reveal()));
        let url = format!("{}://{}{}", self.scheme, user.unwrap_or_default(), self.authority);
        config.proxy_url = url.parse().ok();
        kube::Client::try_from(config)
    }

    /// The client library knows SOCKS5 too, though not with a user.
    fn socks(&self, config: kube::Config) -> Result<kube::Client, kube::Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        let address = format!("socks5://{}", self.authority).parse::<Uri>().unwrap_or_default();
        let mut socks = SocksV5::new(address, tcp);
        if let Some((user, password)) = &self.user {
            let plain = |text: &Secret| percent_decode_str(text.reveal()).decode_utf8_lossy().into_owned();
            socks = socks.with_auth(plain(user), plain(password));
        }
        let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(socks)?);
        connector.set_connect_timeout(config.connect_timeout);
        let client: HttpClient<_, kube::client::Body> =
            HttpClient::builder(TokioExecutor::new()).build(connector);
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(config.auth_layer()?)
            .layer(config.extra_headers_layer()?)
            .map_err(BoxError::from)
            .service(client);
        Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
    }
}

/// Its address, without user and password, and who named it.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{} ({})", self.scheme, self.authority, self.field)
    }
}

fn with_port(server: &Uri) -> Option<Uri> {
    let mut parts = server.clone().into_parts();
    let authority = parts.authority.as_ref().filter(|authority| authority.port().is_none())?;
    parts.authority = Some(format!("{}:{}", authority.host(), port(server)).parse().ok()?);
    Uri::from_parts(parts).ok()
}

fn host(server: &Uri) -> &str {
    server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

fn port(server: &Uri) -> u16 {
    let usual = if server.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
    server.port_u16().unwrap_or(usual)
}

/// Whether a server is reached without the proxy of the environment.
fn excepted(list: &str, host: &str, port: u16) -> bool {
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    let host = host.to_ascii_lowercase();
    list.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        if entry.is_empty() || entry == "*" {
            return !entry.is_empty();
        }
        if let Some(network) = network(&entry) {
            return address.is_some_and(|address| network.holds(address));
        }
        let (name, wanted) = split_port(&entry);
        if wanted.is_some_and(|wanted| !wanted.is_empty() && wanted != port.to_string()) {
            return false;
        }
        match (name.parse::<IpAddr>(), address) {
            (Ok(named), Some(address)) => named.to_canonical() == address,
            (Err(_), None) => names(name, &host),
            _ => false,
        }
    })
}

/// Whether a name of the list means a host: itself and what is below it; only the latter where it begins with a dot.
fn names(name: &str, host: &str) -> bool {
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(name),
        None => !name.is_empty() && (host == name || host.ends_with(&format!(".{name}"))),
    }
}

/// `host:port` and `[address]:port` in two; an address of IPv6 without brackets has no port.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if name.starts_with('[') && name.ends_with(']') => {
            (&name[1..name.len() - 1], Some(port))
        }
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (entry, None),
    }
}

/// A network in the notation of CIDR.
struct Network {
    address: u128,
    length: u32,
    of_ipv4: bool,
}

fn network(entry: &str) -> Option<Network> {
    let (address, length) = entry.split_once('/')?;
    let address = address.parse::<IpAddr>().ok()?;
    let length = length.parse::<u32>().ok()?;
    let (of_ipv4, bits) = (address.is_ipv4(), if address.is_ipv4() { 32 } else { 128 });
    (length <= bits).then(|| Network { address: wide(address), length: length + 128 - bits, of_ipv4 })
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        let differ = (self.address ^ wide(address)).checked_shr(128 - self.length).unwrap_or(0);
        self.of_ipv4 == address.is_ipv4() && differ == 0
    }
}

fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => Ipv6Addr::from(address.to_ipv6_mapped().octets()).to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excepts(list: &str, server: &str) -> bool {
        let server = server.parse::<Uri>().unwrap();
        excepted(list, host(&server), port(&server))
    }

    #[test]
    fn this_machine_is_never_reached_through_a_proxy_of_the_environment() {
        for server in
            ["https://localhost", "https://127.0.0.1:6443", "https://127.9.9.9", "https://[::1]:6443"]
        {
            assert!(excepts("", server), "{server}");
        }
        assert!(!excepts("", "https://10.0.0.1"));
    }

    #[test]
    fn an_exception_is_a_name_with_what_is_below_it_an_address_or_a_network() {
        let with = [
            ("*", "https://10.0.0.1"),
            ("a.test, Example.com", "https://example.COM"),
            ("example.com", "https://api.example.com:6443"),
            (".example.com", "https://api.example.com"),
            ("*.example.com", "https://api.example.com"),
            ("example.com:6443", "https://example.com:6443"),
            ("example.com:443", "https://example.com"),
            ("example.com:", "https://example.com:1"),
            ("10.0.0.1", "https://10.0.0.1:6443"),
            ("10.0.0.1:6443", "https://10.0.0.1:6443"),
            ("10.0.0.0/8", "https://10.9.9.9"),
            ("0.0.0.0/0", "https://10.9.9.9"),
            ("2001:db8::1", "https://[2001:db8:0::1]"),
            ("[2001:db8::1]:6443", "https://[2001:db8::1]:6443"),
            ("2001:db8::/32", "https://[2001:db8:1::1]"),
        ];
        let without = [
            ("", "https://example.com"),
            ("example.com", "https://badexample.com"),
            (".example.com", "https://example.com"),
            ("*.example.com", "https://example.com"),
            ("example.com:443", "https://example.com:6443"),
            ("example.com:https", "https://example.com"),
            ("10.0.0.0/8", "https://11.0.0.1"),
            ("10.0.0.1", "https://10.0.0.10"),
            ("10.0.0.0/33", "https://10.0.0.1"),
            ("::/0", "https://10.0.0.1"),
            ("10.0.0.1:6443", "https://10.0.0.1"),
            ("[2001:db8::1]", "https://[2001:db8::1]"),
            (" , :443", "https://example.com"),
        ];
        for (list, server) in with {
            assert!(excepts(list, server), "{list} {server}");
        }
        for (list, server) in without {
            assert!(!excepts(list, server), "{list} {server}");
        }
    }

    #[test]
    fn a_proxy_is_shown_without_who_we_are_there() {
        let named = Named { field: "proxy_url".into(), url: "socks5://me:hunter2@proxy".into() };
        let proxy = Proxy::named(&named).unwrap();
        assert_eq!(proxy.to_string(), "socks5://proxy:1080 (proxy_url)");
        assert!(!format!("{named:?}").contains("hunter2"));
    }
}
