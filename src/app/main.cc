#include "app/cli.h"

int main(int argc, char** argv) { return llt::app::run(argc, argv); }
