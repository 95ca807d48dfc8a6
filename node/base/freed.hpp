#pragma once
// The deleter of a C library's object, for std::unique_ptr: Freed<EVP_PKEY_free>.

namespace gossip {

template <auto free_function>
struct Freed {
    template <class T>
    void operator()(T* p) const {
        free_function(p);
    }
};

}  // namespace gossip
