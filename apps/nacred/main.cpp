#include "server/commands.hpp"

int main(int argc, char** argv) {
    return nacre::server::run(argc, argv);
}
