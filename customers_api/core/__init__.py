"""What is true of customers, groups, operators and tokens; knows no HTTP and no JSON."""
