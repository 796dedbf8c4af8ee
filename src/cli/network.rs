//! The options that say how the retrieval site is reached, and the proxies of the environment that are not used.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::domain::Text;
use crate::retrieval::{
    AddressFamily, Binding, PinnedHost, PinnedHostError, ProxyChoice, SiteOptions, TimeLimits, Way,
};
use crate::workflow::Error;

use super::{Session, open};

/// How the retrieval site is reached.
#[derive(Args, Clone, Debug)]
pub struct NetworkArguments {
    /// 取得サイトのアドレス
    #[arg(long, value_name = "URL")]
    pub site: Option<String>,
    /// 追加で信頼する認証局証明書（PEM）
    #[arg(long, value_name = "PEM")]
    pub ca_file: Option<PathBuf>,
    /// --ca-file の認証局だけを信頼する
    #[arg(long, requires = "ca_file")]
    pub ca_only: bool,
    /// プロキシ（none は使わない。省略時も、環境変数があっても使わない）
    #[arg(long, value_name = "URL|none")]
    pub proxy: Option<String>,
    /// DNS に聞かずにこのアドレスへ接続する（何度でも書ける）
    #[arg(long, value_name = "HOST:PORT:ADDR", value_parser = pinned)]
    pub resolve: Vec<PinnedHost>,
    /// IPv4 だけを使う
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 だけを使う
    #[arg(short = '6', long)]
    pub ipv6: bool,
    /// このアドレスまたはネットワークの口から接続する
    #[arg(long, value_name = "ADDR|IFACE")]
    pub bind: Option<String>,
}

impl NetworkArguments {
    /// The options as the network understands them.
    pub fn options(&self, session: &Session) -> Result<SiteOptions, Error> {
        let ca_file_pem = match &self.ca_file {
            Some(path) => Some(open::bytes_of(path)?),
            None => None,
        };
        let proxy = match self.proxy.as_deref() {
            None | Some("none") => ProxyChoice::Direct,
            Some(url) => ProxyChoice::Through(url.to_owned()),
        };
        Ok(SiteOptions {
            url: self.site.clone(),
            ca_file_pem,
            ca_only: self.ca_only,
            proxy,
            way: self.way(),
            time_limits: TimeLimits {
                silence: Duration::from_secs(session.config.limits.silence_seconds.into()),
                ..TimeLimits::default()
            },
        })
    }

    fn way(&self) -> Way {
        Way {
            resolve: self.resolve.clone(),
            family: match (self.ipv4, self.ipv6) {
                (true, _) => Some(AddressFamily::V4),
                (_, true) => Some(AddressFamily::V6),
                _ => None,
            },
            bind: self.bind.as_deref().map(Binding::from),
        }
    }

    /// Says that a proxy of the environment is not used, unless the person chose: the site goes direct (fact 45).
    pub fn say_what_is_not_used(&self, session: &Session) {
        if self.proxy.is_some() {
            return;
        }
        for variable in environment_proxies() {
            session.say(&Text::new(
                format!(
                    "環境変数 {variable} のプロキシは使いません（取得サイトは直接つなぎます）。使うときは --proxy URL、この表示を消すには --proxy none"
                ),
                format!(
                    "The proxy of the environment variable {variable} is not used: the site is reached directly. To use one: --proxy URL; to silence this: --proxy none"
                ),
            ));
        }
    }
}

/// The variables that name a proxy which other programs would use for the site. Their values may hold passwords.
pub fn environment_proxies() -> Vec<&'static str> {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let mut set: Vec<&'static str> = PROXY_VARIABLES.iter().copied().filter(is_set).collect();
    // On Windows both spellings are one variable.
    set.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    set
}

fn pinned(text: &str) -> Result<PinnedHost, PinnedHostError> {
    text.parse()
}

const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
