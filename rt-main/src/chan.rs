//! Channels and select. crossbeam-channel, name for name.

rt_sync::chan_names!(rt_sync::host::NoStd);
