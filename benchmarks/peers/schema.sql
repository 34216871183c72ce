-- The peers' tables: plain ones, with the indexes that the six jobs need and no others.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE groups (
    id serial PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE customers (
    id serial PRIMARY KEY,
    customer_id text UNIQUE,
    username text UNIQUE,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text NOT NULL UNIQUE,
    phone text,
    address_line1 text,
    address_line2 text,
    city text,
    state text,
    postal_code text,
    country text,
    date_of_birth date,
    gender text,
    company_name text,
    is_active boolean NOT NULL DEFAULT true,
    group_id integer REFERENCES groups (id),
    notes text,
    tags text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
