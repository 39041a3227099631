//! Makes PyO3's version flags (`Py_3_12` …) known to this crate, and lets test binaries find libpython.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    pyo3_build_config::add_libpython_rpath_link_args();
}
