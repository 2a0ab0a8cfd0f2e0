//! Charts from outside: folders, archives and chart repositories over HTTPS.
