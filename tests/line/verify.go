// SPDX-License-Identifier: LGPL-2.1-or-later

// verify ROOT [BETWEEN LEAF]...: crypto/x509's opinion of each leaf, as lines "LEAF OK" or
// "LEAF reason".
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func read(path string) (*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

func judge(root, between, leaf string) error {
	roots, betweens := x509.NewCertPool(), x509.NewCertPool()
	for pool, path := range map[*x509.CertPool]string{roots: root, betweens: between} {
		certificate, err := read(path)
		if err != nil {
			return err
		}
		pool.AddCert(certificate)
	}
	certificate, err := read(leaf)
	if err != nil {
		return err
	}
	_, err = certificate.Verify(x509.VerifyOptions{Roots: roots, Intermediates: betweens,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}

func main() {
	for place := 2; place+1 < len(os.Args); place += 2 {
		words := "OK"
		if err := judge(os.Args[1], os.Args[place], os.Args[place+1]); err != nil {
			words = err.Error()
		}
		fmt.Println(os.Args[place+1], words)
	}
}
