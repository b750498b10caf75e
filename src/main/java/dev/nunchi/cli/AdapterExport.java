package dev.nunchi.cli;

/// What `export` does with an adapter; the option `--adapters`.
enum AdapterExport {
  /// It becomes one model with its base.
  MERGED,
  /// Its base is exported without it, for any adapter.
  SEPARATE
}
