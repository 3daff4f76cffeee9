#pragma once

#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace edsm::cli {

/// What a shell may offer in the place of the last of `words` (of the command line, without the
/// program's name), from the same declarations as --help: one "word<TAB>meaning" a line, and at the
/// end ":4", or ":0" if the names of files fit as well. kubectl understands it, too. Pure.
std::string complete(const CLI::App& app, std::span<const std::string> words);

/// The shells whose scripts there are, as choices: "bash|zsh|fish".
inline constexpr std::string_view kShells = "bash|zsh|fish";

/// The script that has a shell ask `edsm __complete` for what fits. Empty if there is none for it.
std::string_view completion_script(std::string_view shell);

}  // namespace edsm::cli
