#include "cli/app.hpp"

int main(int argc, char** argv) {
    return nacre::cli::run(argc, argv);
}
