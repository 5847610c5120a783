//! chkctl
fn main(){}
