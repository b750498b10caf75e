package dev.nunchi.model;

/// A run of numbers in a PyTorch file, which tensors are views of.
///
/// @param key what the file calls its bytes
/// @param elements numbers that the storage has, or has from `first` on
/// @param first number of the bytes' that it begins with; over 0 in old files only, where storages
///   share bytes
/// @param whole numbers that stand under `key`
record TorchStorage(StorageType type, String key, long first, long elements, long whole) {}
