//! Which addresses are taken, and what is said about the others.

use remote::Request;
use testutil::chart_server::Trouble;
use testutil::faults::Answer;

use crate::arrange::{paths, request, server, told};

async fn without_server(chart: &str, repository: Option<&str>) -> String {
    told(&Request { repository: repository.map(str::to_owned), ..Request::new(chart) }).await
}

#[tokio::test]
async fn what_is_no_address_of_a_repository_is_refused_before_anything_is_sent() {
    insta::assert_snapshot!(
        [
            without_server("oci://ghcr.io/fluxcd-community/charts/flux2", None).await,
            without_server("flux2", Some("oci://ada:secret@ghcr.io/fluxcd-community/charts")).await,
            without_server("flux2", Some("http://127.0.0.1:1/charts")).await,
            without_server("http://charts.example/flux2-2.18.3.tgz?sig=secret", None).await,
            without_server("flux2", Some("https://ada:secret@charts.example")).await,
            without_server("flux2", Some("charts.example")).await,
            without_server("flux2", Some("ftp://charts.example")).await,
            without_server("", Some("https://charts.example")).await,
        ]
        .join("\n\n")
    );
}

#[tokio::test]
async fn where_an_index_leads_is_looked_at() {
    let server = server();
    let mut told_of = Vec::new();
    for urls in [
        "[\"http://charts.example/app-1.0.0.tgz?sig=secret\"]",
        "[\"oci://ghcr.io/charts/app:1.0.0\"]",
        "[\"https://\"]",
        "[]",
    ] {
        server.set_index(format!(
            "apiVersion: v1\nentries:\n  app:\n  - {{name: app, version: 1.0.0, urls: {urls}}}\n"
        ));
        told_of.push(told(&request(&server)).await);
    }
    insta::assert_snapshot!(told_of.join("\n\n"));
    assert_eq!(paths(&server), ["/charts/index.yaml"; 4]);
}

#[tokio::test]
async fn where_a_redirect_leads_is_looked_at() {
    let server = server();
    let redirect = |location: Option<&str>, times| {
        let answer = Answer::new(302, "");
        let answer = location.map_or(answer.clone(), |location| answer.header("location", location));
        server.spoil("index.yaml", times, Trouble::Answer(answer));
    };
    redirect(Some("http://127.0.0.1:1/index.yaml"), 1);
    let plain = told(&request(&server)).await;
    redirect(None, 1);
    let nowhere = told(&request(&server)).await;
    redirect(Some("index.yaml"), 11);
    let endless = told(&request(&server)).await;
    insta::assert_snapshot!([plain, nowhere, endless].join("\n\n"));
}
